/* SPDX-License-Identifier: MIT */
/* Time by the generic timer's counter. A Pi has no clock that runs without power, so the wall clock
 * begins at 1970 with the machine. */
#include "backends/bcm2837/clock.h"

#include "backends/bcm2837/registers.h"
#include "backends/clock.h"
#include "backends/guest_clock.h"
#include "lib/counter.h"

#define SECOND UINT64_C(1000000000)

uint64_t clock_ticks(void)
{
    __asm__ volatile("isb" ::: "memory");
    return READ_REGISTER(cntpct_el0);
}

uint64_t clock_frequency(void)
{
    return READ_REGISTER(cntfrq_el0);
}

uint64_t clock_ticks_of(uint64_t ns)
{
    const uint64_t hz = clock_frequency();
    uint64_t whole;

    if (__builtin_mul_overflow(ns / SECOND, hz, &whole) ||
        __builtin_add_overflow(whole, (ns % SECOND * hz + SECOND - 1) / SECOND, &whole))
        return UINT64_MAX;
    return whole;
}

static uint64_t nanoseconds(uint64_t ticks)
{
    return clock_nanoseconds(ticks, clock_scale(clock_frequency()));
}

uint64_t backend_clock_monotonic(void)
{
    return nanoseconds(clock_ticks());
}

/* The guest's counter began later. Rounding must not put the moment into its future. */
uint64_t backend_guest_clock(uint64_t at)
{
    const uint64_t begun = nanoseconds(READ_REGISTER(cntvoff_el2)) + 1;

    return at > begun ? at - begun : 0;
}

uint64_t backend_clock_wall(void)
{
    return backend_clock_monotonic();
}
