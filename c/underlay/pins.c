/* SPDX-License-Identifier: MIT */
/* Edges that the chip reports. After some the interrupt is off for a while, in which the chip keeps
 * what else it detects: a line that never rests leaves the guests of core 0 most of their time. */
#include "underlay/pins.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/gpio_edge.h"
#include "backends/bcm2837/registers.h"
#include "backends/clock.h"
#include "underlay/core.h"

#define ON    UINT32_C(0x80)
#define PINS  UINT32_C(52)     /* the interrupt of all lines */
#define QUIET UINT64_C(100000) /* ns */
#define NEVER UINT64_MAX

static bool are_reported;
static uint64_t again = NEVER; /* when the interrupt is on again */

void pins_prepare(void)
{
    are_reported = gpio_edges_found();
    if (!are_reported)
        return;
    write32(GPU_ROUTING, 0);
    write32(FIQ_CONTROL, ON | PINS);
}

bool pins_are_reported(void)
{
    return are_reported;
}

uint64_t pins_look(uint64_t now)
{
    if (!are_reported || (again != NEVER && now < again))
        return again;
    const uint64_t lines = gpio_edges_collect(backend_clock_monotonic());
    if (lines == 0) {
        if (again != NEVER)
            write32(FIQ_CONTROL, ON | PINS);
        again = NEVER;
        return again;
    }
    write32(FIQ_CONTROL, 0);
    again = now + clock_ticks_of(QUIET);
    core_wake(lines);
    return again;
}
