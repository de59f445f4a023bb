/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core: guests that could all run get time in proportion to their weights. */
#ifndef RPIKIT_UNDERLAY_SCHEDULE_H
#define RPIKIT_UNDERLAY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_NOBODY     UINT32_MAX
#define SCHEDULE_NEVER      UINT64_MAX

#define SCHEDULE_WEIGHT_MAX 100

/* A guest that waits until the counter is at (wake); 0: it does not, SCHEDULE_NEVER: for good. */
struct turn {
    uint64_t wake;
    uint64_t spent;  /* ticks of its turns, times SCHEDULE_WEIGHT_MAX, by its weight */
    uint32_t weight; /* 1 to SCHEDULE_WEIGHT_MAX */
};

struct schedule {
    uint32_t next;   /* whose turn it is, or SCHEDULE_NOBODY */
    uint32_t others; /* how many besides could run now */
    uint64_t wake;   /* when the first of those that wait wants to run; SCHEDULE_NEVER: none */
};

/* Chooses among (count) of them at the moment (now): who has spent least; of equals the one behind
 * (last) first. */
struct schedule schedule(const struct turn *const *turns, uint32_t count, uint32_t last,
                         uint64_t now);

/* The turn of the one that was chosen begins. (reached) is what the chosen of its core have spent,
 * 0 at first: who has waited does not get the time that it did not want. */
void schedule_begin(struct turn *turn, uint64_t *reached);
/* It ends, after (ticks), in which nobody else could have run if it (was_alone). However short it
 * was, it counts, so that none can starve the others. */
void schedule_end(struct turn *turn, uint64_t ticks, bool was_alone, uint64_t *reached);

#endif
