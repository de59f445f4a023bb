/* SPDX-License-Identifier: MIT */
/* Sleeping: to the nanosecond the guest asked for, as far as the kernel's timers go. */
#include "backends/poll.h"

#include "backends/linux/backend.h"

#define SECOND UINT64_C(1000000000)

enum { PR_SET_TIMERSLACK = 29, CLOCK_MONOTONIC = 1 };

/* No interface has a descriptor to watch as yet. ppoll would sleep up to a thousandth longer. */
int32_t backend_poll(uint64_t timeout, uint64_t *ready)
{
    struct sys_timespec left = {
        .seconds = (int64_t)(timeout / SECOND),
        .nanoseconds = (int64_t)(timeout % SECOND),
    };
    const long at = (long)(uintptr_t)&left;

    *ready = 0;
    /* Guests ask for 1 ns when their deadline is over; that has passed on the way here. */
    if (timeout > 1) {
        while (sys_call6(SYS_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, at, at, 0, 0) == SYS_EINTR)
            continue; /* the kernel has put into (left) what is left */
    }
    return 0;
}

/* Else Linux may wake us 50 us late, to save power. */
static void open(void)
{
    sys_call3(SYS_PRCTL, PR_SET_TIMERSLACK, 1, 0);
}

static void allow(struct filter *filter)
{
    static const struct filter_argument monotonic = {0, CLOCK_MONOTONIC, CLOCK_MONOTONIC};

    filter_allow(filter, SYS_CLOCK_NANOSLEEP, &monotonic, 1);
    filter_allow(filter, SYS_RESTART_SYSCALL, NULL, 0); /* after a stop and continue */
}

static const struct linux_backend poll = {.open = open, .allow = allow};
LINUX_BACKEND(poll);
