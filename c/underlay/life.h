/* SPDX-License-Identifier: MIT */
/* How long a guest may be silent, and whether it begins again when it has ended. Moments and spans
 * are ticks of the counter. */
#ifndef RPIKIT_UNDERLAY_LIFE_H
#define RPIKIT_UNDERLAY_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "underlay/payload.h"

#define LIFE_WITHOUT_END UINT64_MAX

struct life {
    uint64_t patience;  /* from one call to the next, of its own time; 0: without end */
    uint64_t pause;     /* before the next restart */
    uint64_t pause_max; /* it doubles with each, up to this */
    uint64_t deadline;  /* of the next call, or LIFE_WITHOUT_END */
    uint32_t restarts, restarts_max;
    enum payload_restart restart;
};

/* At (now) it began, or ended a call. */
void life_sign(struct life *life, uint64_t now);
/* For (ticks) it could not help being silent: others had their turns. */
void life_delay(struct life *life, uint64_t ticks);
/* Whether it has been silent for too long. */
bool life_is_over(const struct life *life, uint64_t now);

/* It has ended, (failed) or not: whether it begins again, and then (pause) later. */
bool life_again(struct life *life, bool failed, uint64_t *pause);

#endif
