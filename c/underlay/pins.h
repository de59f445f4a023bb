/* SPDX-License-Identifier: MIT */
/* Edges that the chip reports, by an interrupt of core 0, for the guests that want them. */
#ifndef RPIKIT_UNDERLAY_PINS_H
#define RPIKIT_UNDERLAY_PINS_H

#include <stdbool.h>
#include <stdint.h>

/* Finds out, before any guest is made, whether the chip reports edges, and has it do so. */
void pins_prepare(void);
bool pins_are_reported(void);

/* On core 0, at (now): has guests whose lines have new edges go on; returns when to look again,
 * UINT64_MAX: an interrupt tells. */
uint64_t pins_look(uint64_t now);

#endif
