/* SPDX-License-Identifier: MIT */
/* What the unikernels here share: a call made many times, and what one took. */
#ifndef RPIKIT_PERF_MEASURE_H
#define RPIKIT_PERF_MEASURE_H

#include <solo5.h>

#include "apps/say.h"

#define MEASURE_ROUNDS 10
#define MEASURE_COUNT  50   /* calls that leave the guest, in one round */
#define MEASURE_MANY   2000 /* what does not, of which 50 would be a few ticks of the counter */

static inline uint64_t measure_counter(void)
{
    uint64_t now;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(now));
    return now;
}

static inline uint64_t measure_frequency(void)
{
    uint64_t hz;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz;
}

/* Makes (call) (count) times a round, and prints what one took, in nanoseconds of the guest's
 * counter: the least of all rounds, because a timer's tick only ever adds. */
static inline void measure(const char *name, void (*call)(void), uint32_t count)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int round = 0; round < MEASURE_ROUNDS; round++) {
        const uint64_t start = measure_counter();
        for (uint32_t i = 0; i < count; i++)
            call();
        const uint64_t took = (measure_counter() - start) * (UINT64_C(1000000000) / count);
        if (took < least)
            least = took;
    }
    say("%s %lu\n", name, least / measure_frequency());
}

#endif
