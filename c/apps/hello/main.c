/* SPDX-License-Identifier: MIT */
/* The first unikernel: says hello, says what it was told, and looks around. */
#include <solo5.h>

#include "apps/say.h"

static bool is_memory_usable(const struct solo5_start_info *info)
{
    volatile char *const first = (volatile char *)info->heap_start;

    *first = 'x';
    return *first == 'x' && info->heap_size > 0;
}

static bool is_clock_running(void)
{
    const solo5_time_t start = solo5_clock_monotonic();

    solo5_yield(start + 1000000, NULL);
    return solo5_clock_monotonic() >= start + 1000000;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    say("Hello, World\n");
    say("Command line: '%s'\n", info->cmdline);
    if (!is_memory_usable(info)) {
        say("FAILURE: the heap cannot be used\n");
        return SOLO5_EXIT_FAILURE;
    }
    if (!is_clock_running()) {
        say("FAILURE: the clock stands still\n");
        return SOLO5_EXIT_FAILURE;
    }
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
