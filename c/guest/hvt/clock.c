/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, read without leaving the guest. */
#include "guest/hvt/clock.h"

#include "abi/solo5.h"

static uint64_t scale;

void clock_start(uint64_t frequency)
{
    scale = clock_scale(frequency);
}

solo5_time_t solo5_clock_monotonic(void)
{
    uint64_t ticks;

    /* The barrier keeps the counter from being read ahead of what came before. */
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return clock_nanoseconds(ticks, scale);
}
