/* SPDX-License-Identifier: MIT */
/* The wall clock of Linux, read without a system call where the kernel offers that. */
#include "backends/clock.h"

#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"
#include "backends/linux/vdso.h"

enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };

typedef int clock_function(int clock, struct sys_timespec *now);

static clock_function *get_time SEALED;

static int ask_kernel(int clock, struct sys_timespec *now)
{
    return (int)sys_call3(SYS_CLOCK_GETTIME, clock, (long)(uintptr_t)now, 0);
}

static void open(void)
{
    void *found = vdso_find(SYS_VDSO_CLOCK);

    get_time = found ? (clock_function *)found : ask_kernel;
}

static uint64_t read_clock(int clock)
{
    struct sys_timespec now;

    get_time(clock, &now);
    return (uint64_t)now.seconds * UINT64_C(1000000000) + (uint64_t)now.nanoseconds;
}

uint64_t backend_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t backend_clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* The kernel's function asks the kernel itself when the clock source cannot be read from here. */
static void allow(struct filter *filter)
{
    static const struct filter_argument realtime = {0, CLOCK_REALTIME, CLOCK_REALTIME};

    filter_allow(filter, SYS_CLOCK_GETTIME, &realtime, 1);
}

static const struct linux_backend clock = {.open = open, .allow = allow};
LINUX_BACKEND(clock);
