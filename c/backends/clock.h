/* SPDX-License-Identifier: MIT */
/* What time it is. */
#ifndef RPIKIT_BACKENDS_CLOCK_H
#define RPIKIT_BACKENDS_CLOCK_H

#include <stdint.h>

/* Nanoseconds since 1970-01-01 UTC. */
uint64_t backend_clock_wall(void);

/* Nanoseconds since some moment; never goes back. For guests that have no counter of their own to
 * read: those of the loop platform. Under Linux it is CLOCK_MONOTONIC. */
uint64_t backend_clock_monotonic(void);

#endif
