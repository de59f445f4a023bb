/* SPDX-License-Identifier: MIT */
/* The chip's watchdog over the underlay itself. */
#include "underlay/watchdog.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/watchdog.h"
#include "underlay/cores.h"

#define BELOW(core) ((UINT32_C(1) << (core)) - 1)
#define QUARTER     UINT64_C(250000000) /* ns, of a second */

static uint32_t granted; /* seconds */
static uint64_t period;  /* ticks, a quarter of them: all cores come by in two, and their turns */
static uint32_t absent;  /* cores that never do */
static uint32_t passed;  /* cores that have since it was fed */

void watchdog_begin(uint32_t seconds, uint32_t first)
{
    granted = seconds;
    period = clock_ticks_of(seconds * QUARTER);
    absent = BELOW(first);
    passed = absent;
    if (seconds > 0)
        watchdog_feed(seconds);
}

uint64_t watchdog_pass(uint32_t core, uint64_t now)
{
    if (granted == 0)
        return UINT64_MAX;
    if (__atomic_or_fetch(&passed, UINT32_C(1) << core, __ATOMIC_ACQ_REL) == BELOW(CORES)) {
        __atomic_store_n(&passed, absent, __ATOMIC_RELEASE);
        watchdog_feed(granted);
    }
    return now + period;
}
