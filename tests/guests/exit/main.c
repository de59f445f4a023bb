/* SPDX-License-Identifier: MIT */
/* Ends with the status in its argument, or aborts on the word abort. */
#include "../expect.h"
#include "lib/string.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    int status = 0;

    if (strcmp(info->cmdline, "abort") == 0)
        solo5_abort();
    for (const char *at = info->cmdline; *at != '\0'; at++) {
        EXPECT(*at >= '0' && *at <= '9' && status < 100000);
        status = status * 10 + (*at - '0');
    }
    solo5_exit(status);
}
