/* SPDX-License-Identifier: MIT */
/* The console is standard output. */
#include "backends/console.h"

#include "backends/linux/backend.h"

enum { STDOUT = 1, POLLOUT = 4 };

struct pollfd {
    int32_t fd;
    int16_t events, revents;
};

/* Whoever shares our standard output may have made it non-blocking. */
static void wait_for_room(void)
{
    struct pollfd output = {.fd = STDOUT, .events = POLLOUT};

    sys_call6(SYS_PPOLL, (long)(uintptr_t)&output, 1, 0, 0, 0, 0);
}

void backend_console_write(const char *data, size_t size)
{
    while (size > 0) {
        const long written = sys_write(STDOUT, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        } else if (written == SYS_EAGAIN) {
            wait_for_room();
        } else if (written != SYS_EINTR) {
            return;
        }
    }
}

static void allow(struct filter *filter)
{
    static const struct filter_argument one_descriptor = {1, 1, 1};

    filter_allow_fd(filter, SYS_WRITE, STDOUT);
    filter_allow(filter, SYS_PPOLL, &one_descriptor, 1);
}

static const struct linux_backend console = {.allow = allow};
LINUX_BACKEND(console);
