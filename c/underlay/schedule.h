/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core. */
#ifndef RPIKIT_UNDERLAY_SCHEDULE_H
#define RPIKIT_UNDERLAY_SCHEDULE_H

#include <stdint.h>

#define SCHEDULE_NOBODY UINT32_MAX
#define SCHEDULE_NEVER  UINT64_MAX

/* A guest that waits until the counter is at (wake); 0: it does not, SCHEDULE_NEVER: for good. */
struct turn {
    uint64_t wake;
};

struct schedule {
    uint32_t next;   /* whose turn it is, or SCHEDULE_NOBODY */
    uint32_t others; /* how many besides could run now */
    uint64_t wake;   /* when the first of those that wait wants to run; SCHEDULE_NEVER: none */
};

/* Chooses among (count) of them at the moment (now), the one behind (last) first. */
struct schedule schedule(const struct turn *const *turns, uint32_t count, uint32_t last,
                         uint64_t now);

#endif
