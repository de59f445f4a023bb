/* SPDX-License-Identifier: MIT */
/* What time it is. */
#ifndef RPIKIT_BACKENDS_CLOCK_H
#define RPIKIT_BACKENDS_CLOCK_H

#include <stdint.h>

/* Nanoseconds since 1970-01-01 UTC. */
uint64_t backend_clock_wall(void);

/* Nanoseconds since some moment; never goes back. Only where the guest has no counter to read: the
 * fake backend has it, for guests of the loop platform. */
uint64_t backend_clock_monotonic(void);

#endif
