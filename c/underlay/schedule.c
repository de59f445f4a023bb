/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core: who has spent least by its weight; who waits is passed over. */
#include "underlay/schedule.h"

struct schedule schedule(const struct turn *const *turns, uint32_t count, uint32_t last,
                         uint64_t now)
{
    struct schedule found = {.next = SCHEDULE_NOBODY, .wake = SCHEDULE_NEVER};

    for (uint32_t i = 1; i <= count; i++) {
        const uint32_t at = (last % count + i) % count;
        const uint64_t wake = turns[at]->wake;
        if (wake > now || wake == SCHEDULE_NEVER) {
            found.wake = wake < found.wake ? wake : found.wake;
            continue;
        }
        if (found.next != SCHEDULE_NOBODY)
            found.others++;
        if (found.next == SCHEDULE_NOBODY || turns[at]->spent < turns[found.next]->spent)
            found.next = at;
    }
    return found;
}

void schedule_begin(struct turn *turn, uint64_t *reached)
{
    if (turn->spent < *reached)
        turn->spent = *reached;
    *reached = turn->spent;
}

void schedule_end(struct turn *turn, uint64_t ticks, bool was_alone, uint64_t *reached)
{
    turn->spent += (ticks > 0 ? ticks : 1) * SCHEDULE_WEIGHT_MAX / turn->weight;
    if (was_alone && *reached < turn->spent)
        *reached = turn->spent;
}
