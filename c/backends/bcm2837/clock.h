/* SPDX-License-Identifier: MIT */
/* The generic timer's counter, and how long things take by it. */
#ifndef RPIKIT_BACKENDS_BCM2837_CLOCK_H
#define RPIKIT_BACKENDS_BCM2837_CLOCK_H

#include <stdint.h>

/* Ticks since some moment, the same on all cores. */
uint64_t clock_ticks(void);
/* Of it, in Hz: what the firmware, or QEMU, says. */
uint64_t clock_frequency(void);
/* Ticks that (ns) nanoseconds have, at least; UINT64_MAX if that is more than 64 bits hold. */
uint64_t clock_ticks_of(uint64_t ns);

#endif
