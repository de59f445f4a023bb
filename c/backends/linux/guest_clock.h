/* SPDX-License-Identifier: MIT */
/* What time it is for a guest that reads a counter of its own. */
#ifndef RPIKIT_BACKENDS_LINUX_GUEST_CLOCK_H
#define RPIKIT_BACKENDS_LINUX_GUEST_CLOCK_H

#include "backends/guest_clock.h"

/* Reads the guest's monotonic clock, in ns; NULL: it is this process's own. */
extern uint64_t (*guest_clock_now)(void);

#endif
