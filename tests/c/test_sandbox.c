/* SPDX-License-Identifier: MIT */
/* What a process can still do after the tender has given up its rights: wait for its output, and
 * open nothing. In a child each, as nothing comes back. */
#define _GNU_SOURCE /* getresuid() */

#include "backends/linux/error.c"
#include "backends/linux/filter.c"
#include "backends/linux/vdso.c"
#include "tender/inherit.c"
#include "tender/landlock.c"
#include "tender/sandbox.c"
#include "tender/seal.c"
#include "tender/user.c"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const struct devices_shared *devices_shared;

const char *options_after(const char *word, const char *prefix)
{
    return strncmp(word, prefix, strlen(prefix)) == 0 ? word + strlen(prefix) : NULL;
}

bool options_number(const char **text, char end, uint32_t *value)
{
    char *at;

    *value = (uint32_t)strtoul(*text, &at, 10);
    if (at == *text || (*at != '\0' && *at != end))
        return false;
    *text = at;
    return true;
}

void fail(const char *format, ...)
{
    CHECK_TEXT(format, "nothing fails");
    abort();
}

enum { DISK = 4096 };

static uint64_t file_size(void)
{
    return DISK;
}

void tell(const char *whose, struct filter_program program, long version)
{
    (void)whose;
    (void)program;
    (void)version;
}

static const struct linux_backend small = {.open = NULL}, large = {.file_size = file_size};
LINUX_BACKEND(small);
LINUX_BACKEND(large);

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

static uint64_t limit_of(int what)
{
    uint64_t is[2]; /* soft, hard */

    CHECK(sys_call6(SYS_PRLIMIT64, 0, what, 0, (long)(uintptr_t)is, 0, 0) == 0);
    CHECK_EQUAL(is[0], is[1]);
    return is[0];
}

/* Outputs that are no files: then none is written beyond the largest disk. */
static void has_limits(void)
{
    int ends[2];

    CHECK(pipe(ends) == 0);
    CHECK(dup2(ends[1], STDOUT) == STDOUT);
    CHECK(dup2(ends[1], STDERR) == STDERR);
    sandbox_give_up();
    CHECK_EQUAL(limit_of(RLIMIT_CORE), 0);
    CHECK_EQUAL(limit_of(RLIMIT_NPROC), 0);
    CHECK_EQUAL(limit_of(RLIMIT_MEMLOCK), 0);
    CHECK_EQUAL(limit_of(RLIMIT_NOFILE), 1);
    CHECK_EQUAL(limit_of(RLIMIT_FSIZE), DISK);
}

static void lets_a_file_that_is_the_console_grow(void)
{
    char name[] = "/tmp/rpikit-console-XXXXXX";
    const int file = mkstemp(name);

    CHECK(file >= 0 && unlink(name) == 0);
    CHECK(dup2(file, STDOUT) == STDOUT);
    sandbox_give_up();
    CHECK(ftruncate(STDOUT, DISK + 1) == 0);
}

/* A program of three pages, of which the second is to be read only. */
static void seals_memory(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *at = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct part parts[] = {
        {.type = PART_LOADED, .vaddr = (uintptr_t)at, .memsz = 3 * page - 8},
        {.type = PART_RELRO, .vaddr = (uintptr_t)at + page, .memsz = page},
    };
    const uint64_t words[] = {AT_PHDR,    (uintptr_t)parts, AT_PHNUM, 2,
                              AT_PAGESZ, page,                 0};

    CHECK(at != MAP_FAILED);
    auxiliary_vector = words;
    CHECK_EQUAL(seal(), 0);
    at[0] = at[2 * page] = 1;
    if (sys_call3(SYS_MSEAL, 0, 0, 0) != SYS_ENOSYS) {
        CHECK(mprotect(at + page, page, PROT_READ | PROT_WRITE) == -1 && errno == EPERM);
        CHECK(munmap(at, page) == -1 && errno == EPERM);
    }
    int status;
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        at[page] = 1;
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static bool is_placed(int out, int err)
{
    CHECK(dup2(out, STDOUT) == STDOUT && dup2(err, STDERR) == STDERR);
    outputs_regular = outputs_device = outputs_placed = false;
    look_at_outputs();
    return outputs_placed;
}

/* The weaker filter is for outputs that refuse a place; the kernel says which, here by pread(). */
static void knows_what_has_a_place(void)
{
    const int said = dup(STDERR), null = open("/dev/null", O_RDWR), terminal = posix_openpt(O_RDWR);
    char name[] = "/tmp/rpikit-placed-XXXXXX";
    const int file = mkstemp(name);
    int pipes[2], sockets[2];

    CHECK(file >= 0 && unlink(name) == 0);
    CHECK(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    const int all[] = {pipes[1], sockets[0], terminal, null, file};
    bool placed[5], refused[5], beside[5];
    for (int i = 0; i < 5; i++) {
        char byte = 0;
        placed[i] = is_placed(all[i], all[i]);
        beside[i] = is_placed(pipes[1], all[i]);
        refused[i] = pwrite(all[i], &byte, 1, 0) == -1 && errno == ESPIPE;
    }
    close(STDOUT);
    close(STDERR);
    look_at_outputs();
    const bool closed = outputs_placed;
    CHECK(dup2(said, STDERR) == STDERR);
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(placed[i], i > 2);
        CHECK_EQUAL(beside[i], i > 2);
        CHECK_EQUAL(refused[i], i <= 2);
    }
    CHECK(closed);
}

static void opens_nothing_without_a_console(void)
{
    close(STDOUT);
    opens_nothing();
}

/* Before the limit on descriptors hides it: where this machine's kernel has Landlock. */
static void finds_no_file(void)
{
    const long version = sys_call3(SYS_LANDLOCK_CREATE_RULESET, 0, 0, ASK_VERSION);
    int ends[2];

    CHECK(pipe(ends) == 0);
    sandbox_drop_rights();
    CHECK(write(ends[1], "open", 4) == 4);
    if (version < 1) {
        CHECK_EQUAL(landlock_enter(), 0);
        return;
    }
    CHECK(open("/dev/null", O_RDONLY) == -1);
    CHECK_EQUAL(errno, EACCES);
    CHECK(unlink("/dev/null") == -1);
    CHECK_EQUAL(errno, EACCES);
    CHECK(mkdir("/tmp/rpikit-landlock", 0700) == -1);
    CHECK_EQUAL(errno, EACCES);
}

/* The words of linux/landlock.h, version by version; later ones have no right that is not named. */
static void names_every_right(void)
{
    CHECK_EQUAL(file_rights(1), 0x1fff);
    CHECK_EQUAL(file_rights(2), 0x3fff);
    CHECK_EQUAL(file_rights(3), 0x7fff);
    CHECK_EQUAL(file_rights(4), 0x7fff);
    CHECK_EQUAL(file_rights(5), 0xffff);
    CHECK_EQUAL(file_rights(7), 0xffff);
}

static void is(uid_t wanted_user, gid_t wanted_group)
{
    uid_t users[3];
    gid_t groups[3];

    CHECK(getresuid(&users[0], &users[1], &users[2]) == 0);
    CHECK(getresgid(&groups[0], &groups[1], &groups[2]) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(users[i], wanted_user);
        CHECK_EQUAL(groups[i], wanted_group);
    }
    CHECK_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

static void is_nobody_if_root_started_it(void)
{
    const bool is_root = getuid() == 0;
    const uid_t me = is_root ? NOBODY : getuid();
    const gid_t mine = is_root ? NOBODY : getgid();
    static const gid_t groups[] = {0, 4};

    CHECK(!is_root || setgroups(2, groups) == 0);
    sandbox_give_up();
    is(me, mine);
    CHECK(!is_root || getgroups(0, NULL) == 0);
    CHECK(!is_root || (setuid(0) == -1 && errno == EPERM));
}

static void is_who_the_operator_says(void)
{
    if (getuid() != 0)
        return; /* nobody else can */
    CHECK(option("--user=1000:44"));
    sandbox_drop_rights();
    is(1000, 44);
    sandbox_give_up(); /* does not try again */
    is(1000, 44);
}

static void knows_a_user_from_a_group(void)
{
    CHECK(option("--user=7"));
    CHECK(is_named && user == 7 && group == 7);
    CHECK(option("--user=0:9"));
    CHECK(is_named && user == 0 && group == 9);
    CHECK(!option("--users=7"));
}

int main(void)
{
    static uint64_t words[] = {AT_UID, 0, AT_EUID, 0, 0};

    words[1] = getuid();
    words[3] = geteuid();
    auxiliary_vector = words;
    in_a_child(waits_for_room);
    in_a_child(opens_nothing);
    in_a_child(opens_nothing_without_a_console);
    in_a_child(leaves_no_input);
    in_a_child(finds_no_file);
    in_a_child(has_limits);
    in_a_child(lets_a_file_that_is_the_console_grow);
    in_a_child(seals_memory);
    in_a_child(knows_what_has_a_place);
    names_every_right();
    in_a_child(is_nobody_if_root_started_it);
    in_a_child(is_who_the_operator_says);
    in_a_child(knows_a_user_from_a_group);
    return 0;
}
