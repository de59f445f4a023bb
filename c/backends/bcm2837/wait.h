/* SPDX-License-Identifier: MIT */
/* Waiting, by whoever runs others meanwhile: the underlay. */
#ifndef RPIKIT_BACKENDS_BCM2837_WAIT_H
#define RPIKIT_BACKENDS_BCM2837_WAIT_H

#include <stdint.h>

/* Returns when the counter (clock.h) is at (ticks), or behind. */
void wait_until(uint64_t ticks);

/* The same, whatever else could end a guest's wait; returns at once while no guest runs yet. */
void wait_aside(uint64_t ticks);

#endif
