/* SPDX-License-Identifier: MIT */
/* What a process can still do after the tender has given up its rights: wait for its output, and
 * open nothing. In a child each, as nothing comes back. */
#include "backends/linux/error.c"
#include "backends/linux/filter.c"
#include "tender/inherit.c"
#include "tender/sandbox.c"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

const struct devices_shared *devices_shared;

void fail(const char *format, ...)
{
    CHECK_TEXT(format, "nothing fails");
    abort();
}

static const struct linux_backend none = {.open = NULL};
LINUX_BACKEND(none);

static void in_a_child(void (*act)(void))
{
    int status;
    const pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        act();
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
}

/* As a console that is full and does not block: it must be possible to wait for room. */
static void waits_for_room(void)
{
    static const char block[4096];
    int ends[2];

    CHECK(pipe(ends) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    while (write(ends[1], block, sizeof(block)) > 0)
        continue;
    CHECK_EQUAL(errno, EAGAIN);
    CHECK(dup2(ends[1], STDOUT) == STDOUT);
    sandbox_give_up();

    struct pollfd output = {.fd = STDOUT, .events = POLLOUT};
    CHECK_EQUAL(poll(&output, 1, 0), 0); /* no room, and no error */
    char read_back[sizeof(block)];
    CHECK(read(ends[0], read_back, sizeof(read_back)) == sizeof(read_back));
    CHECK_EQUAL(poll(&output, 1, 0), 1);
    CHECK_EQUAL(output.revents, POLLOUT);
}

static void opens_nothing(void)
{
    sandbox_give_up();
    CHECK(open("/dev/null", O_RDONLY) == -1);
    CHECK_EQUAL(errno, EMFILE);
    CHECK(dup(STDERR) == -1);
    CHECK_EQUAL(errno, EMFILE);
}

/* Its place is taken by what only the caller reads. */
static void leaves_no_input(void)
{
    int ends[2];

    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], "keys", 4) == 4);
    CHECK(dup2(ends[0], STDIN) == STDIN);
    CHECK(pipe(ends) == 0);
    CHECK(dup2(ends[1], STDOUT) == STDOUT);
    sandbox_give_up();

    char byte;
    CHECK(read(STDIN, &byte, 1) == -1);
    CHECK_EQUAL(errno, EBADF);
}

static void opens_nothing_without_a_console(void)
{
    close(STDOUT);
    opens_nothing();
}

int main(void)
{
    in_a_child(waits_for_room);
    in_a_child(opens_nothing);
    in_a_child(opens_nothing_without_a_console);
    in_a_child(leaves_no_input);
    return 0;
}
