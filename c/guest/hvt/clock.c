/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, read without leaving the guest. */
#include "guest/hvt/clock.h"

#include "abi/solo5.h"

#define SECOND UINT64_C(1000000000) /* nanoseconds */
#define SHIFT  32

/* Nanoseconds of a tick, times 2^SHIFT. Rounded down, it loses less than 1 ns in a minute at
 * 19.2 MHz (Pi 3), and nothing at 62.5 MHz (QEMU). */
static uint64_t scale;

void clock_start(uint64_t frequency)
{
    scale = (SECOND << SHIFT) / frequency;
}

solo5_time_t solo5_clock_monotonic(void)
{
    uint64_t ticks;

    /* The barrier keeps the counter from being read ahead of what came before. */
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");

    /* 128 bits: after minutes the product no longer fits in 64. */
    return (solo5_time_t)((unsigned __int128)ticks * scale >> SHIFT);
}
