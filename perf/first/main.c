/* SPDX-License-Identifier: MIT */
/* Says a byte at once. With any word it then waits for a day, else it ends. */
#include <solo5.h>

#define DAY_NS UINT64_C(86400000000000)

int solo5_app_main(const struct solo5_start_info *info)
{
    solo5_console_write("\n", 1);
    if (info->cmdline[0] != '\0')
        solo5_yield(solo5_clock_monotonic() + DAY_NS, NULL);
    return SOLO5_EXIT_SUCCESS;
}
