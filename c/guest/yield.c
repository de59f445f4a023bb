/* SPDX-License-Identifier: MIT */
/* Sleeping until a moment or a device. */
#include <stddef.h>

#include "abi/solo5.h"
#include "guest_poll.h"

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)
{
    solo5_handle_set_t set = 0;
    solo5_time_t now = solo5_clock_monotonic();

    /* A deadline in the past still looks once; a host that wakes early is asked again. */
    do {
        guest_poll(deadline > now ? deadline - now : 0, &set);
        now = solo5_clock_monotonic();
    } while (set == 0 && now < deadline);

    if (ready)
        *ready = set;
}
