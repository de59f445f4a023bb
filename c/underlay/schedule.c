/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core: each in its turn, who waits is passed over. */
#include "underlay/schedule.h"

struct schedule schedule(const struct turn *const *turns, uint32_t count, uint32_t last,
                         uint64_t now)
{
    struct schedule found = {.next = SCHEDULE_NOBODY, .wake = SCHEDULE_NEVER};

    for (uint32_t i = 1; i <= count; i++) {
        const uint32_t at = (last % count + i) % count;
        const uint64_t wake = turns[at]->wake;
        if (wake > now || wake == SCHEDULE_NEVER)
            found.wake = wake < found.wake ? wake : found.wake;
        else if (found.next == SCHEDULE_NOBODY)
            found.next = at;
        else
            found.others++;
    }
    return found;
}
