/* SPDX-License-Identifier: MIT */
/* Counts how far it gets in each window of 20 ms of its time, without a call, and how long it was
 * away at most. "windows=N" has it end after N of them; else it goes on. */
#include "../expect.h"
#include "lib/string.h"

#define WINDOW UINT64_C(20000000) /* ns */

static uint64_t number(const char *text)
{
    uint64_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static const char windows[] = "windows=";
    uint64_t left = UINT64_MAX;

    if (strncmp(info->cmdline, windows, sizeof(windows) - 1) == 0)
        left = number(info->cmdline + sizeof(windows) - 1);
    for (; left > 0; left--) {
        const solo5_time_t start = solo5_clock_monotonic();
        solo5_time_t last = start, now = start;
        uint64_t count = 0, away = 0;
        for (; now - start < WINDOW; count++) {
            now = solo5_clock_monotonic();
            away = now - last > away ? now - last : away;
            last = now;
        }
        say("count %lu away %lu us\n", count, away / 1000);
    }
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
