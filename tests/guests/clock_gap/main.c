/* SPDX-License-Identifier: MIT */
/* Reads both clocks before and after a long sleep: the argument, in seconds. */
#include "../expect.h"

#define SECOND UINT64_C(1000000000)
#define LATE   (5 * SECOND)

static uint64_t read_number(const char *at)
{
    uint64_t number = 0;

    EXPECT(*at != '\0');
    for (; *at != '\0'; at++) {
        EXPECT(*at >= '0' && *at <= '9' && number < 1000000);
        number = number * 10 + (uint64_t)(*at - '0');
    }
    return number;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    const uint64_t gap = read_number(info->cmdline) * SECOND;
    const solo5_time_t wall = solo5_clock_wall(), start = solo5_clock_monotonic();

    solo5_yield(start + gap, NULL);
    const solo5_time_t slept = solo5_clock_monotonic() - start;
    const solo5_time_t passed = solo5_clock_wall() - wall;

    say("gap %lu ns: monotonic %lu ns, wall %lu ns\n", gap, slept, passed);
    EXPECT(slept >= gap && slept < gap + LATE);
    EXPECT(passed < slept + LATE && slept < passed + LATE);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
