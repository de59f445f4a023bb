/* SPDX-License-Identifier: MIT */
/* Sleeps a second by both clocks. */
#include "../expect.h"

#define SECOND UINT64_C(1000000000)

/* Nothing promises an upper bound; a loaded machine is late, but not by this. */
#define LATE (5 * SECOND)

static void clock_never_goes_back(void)
{
    solo5_time_t last = solo5_clock_monotonic();

    for (unsigned int i = 0; i < 10000; i++) {
        const solo5_time_t now = solo5_clock_monotonic();
        EXPECT(now >= last);
        last = now;
    }
}

static void past_deadlines_return_at_once(void)
{
    const solo5_time_t start = solo5_clock_monotonic();
    solo5_handle_set_t ready = 1;

    solo5_yield(0, &ready);
    solo5_yield(start, NULL);
    EXPECT(ready == 0);
    EXPECT(solo5_clock_monotonic() - start < LATE);
}

static void sleeps_a_second(void)
{
    const solo5_time_t wall = solo5_clock_wall(), start = solo5_clock_monotonic();
    solo5_handle_set_t ready = 1;

    solo5_yield(start + SECOND, &ready);
    const solo5_time_t slept = solo5_clock_monotonic() - start;
    const solo5_time_t passed = solo5_clock_wall() - wall;

    say("slept %lu ns, wall clock %lu ns\n", slept, passed);
    EXPECT(ready == 0);
    EXPECT(slept >= SECOND && slept < SECOND + LATE);
    EXPECT(passed >= SECOND - SECOND / 100 && passed < SECOND + LATE);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    EXPECT(solo5_clock_wall() > 0); /* a Pi has no clock of its own: it may be 1970 */
    clock_never_goes_back();
    past_deadlines_return_at_once();
    sleeps_a_second();
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
