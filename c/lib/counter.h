/* SPDX-License-Identifier: MIT */
/* From ticks of the counter to nanoseconds, in the guest and in its host alike. */
#ifndef RPIKIT_LIB_COUNTER_H
#define RPIKIT_LIB_COUNTER_H

#include <stdint.h>

#define CLOCK_SHIFT 32

/* Nanoseconds of a tick at (frequency) Hz, times 2^CLOCK_SHIFT. Rounded down, it loses less than 1 ns
 * in a minute at 19.2 MHz (Pi 3), and nothing at 62.5 MHz (QEMU). */
static inline uint64_t clock_scale(uint64_t frequency)
{
    return (UINT64_C(1000000000) << CLOCK_SHIFT) / frequency;
}

/* In 128 bits: after minutes the product no longer fits in 64. */
static inline uint64_t clock_nanoseconds(uint64_t ticks, uint64_t scale)
{
    return (uint64_t)((unsigned __int128)ticks * scale >> CLOCK_SHIFT);
}

#endif
