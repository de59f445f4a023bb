/* SPDX-License-Identifier: MIT */
/* What time it is for a guest that reads a counter of its own. */
#include "backends/linux/guest_clock.h"

#include <stddef.h>

#include "backends/clock.h"
#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"

enum { CLOCK_MONOTONIC = 1 };

uint64_t (*guest_clock_now)(void) SEALED;

/* The two clocks may drift apart, so they are compared anew each time. */
uint64_t backend_guest_clock(uint64_t at)
{
    if (!guest_clock_now)
        return at;
    const uint64_t age = backend_clock_monotonic() - at;
    const uint64_t now = guest_clock_now();
    return now > age ? now - age : 0;
}

/* Where the clock source cannot be read from here, the kernel's function asks the kernel itself. */
static void allow(struct filter *filter)
{
    static const struct filter_argument monotonic = {0, CLOCK_MONOTONIC, CLOCK_MONOTONIC};

    if (guest_clock_now)
        filter_allow(filter, SYS_CLOCK_GETTIME, &monotonic, 1);
}

static const struct linux_backend guest_clock = {.allow = allow};
LINUX_BACKEND(guest_clock);
