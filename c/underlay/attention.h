/* SPDX-License-Identifier: MIT */
/* The way back to the loader: whoever is at the other end of the serial port calls for it. */
#ifndef RPIKIT_UNDERLAY_ATTENTION_H
#define RPIKIT_UNDERLAY_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

/* (x0) is what core 0 began with. */
void attention_begin(uint64_t x0);

/* Whether the loader started this image: then somebody may want it back when nothing runs any more,
 * instead of a board that is off. */
bool attention_is_awaited(void);

/* Looks at what came over the serial port, if it is time to, at (now), and resets the board if that
 * was the call. Returns when it is time again, for the core that looks; no other one may. */
uint64_t attention_look(uint64_t now);

#endif
