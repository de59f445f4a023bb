/* SPDX-License-Identifier: MIT */
/* Sleeping: nothing here wakes a guest but time. */
#include "backends/poll.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/wait.h"

int32_t backend_poll(uint64_t timeout, uint64_t *ready)
{
    const uint64_t now = clock_ticks();
    uint64_t end;

    *ready = 0;
    if (timeout > 0)
        wait_until(__builtin_add_overflow(now, clock_ticks_of(timeout), &end) ? UINT64_MAX : end);
    return 0;
}
