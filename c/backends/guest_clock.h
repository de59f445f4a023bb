/* SPDX-License-Identifier: MIT */
/* What time it is for the guest. */
#ifndef RPIKIT_BACKENDS_GUEST_CLOCK_H
#define RPIKIT_BACKENDS_GUEST_CLOCK_H

#include <stdint.h>

/* The guest's monotonic clock at (at), a recent moment of backend_clock_monotonic(): the same,
 * unless the guest reads a counter of its own. */
uint64_t backend_guest_clock(uint64_t at);

#endif
