/* SPDX-License-Identifier: MIT */
/* Runs code in its data; must be stopped. */
#include "../expect.h"

static volatile uint32_t data[] = {0xd65f03c0}; /* ret */

int solo5_app_main(const struct solo5_start_info *info)
{
    uintptr_t at = (uintptr_t)data;

    (void)info;
    say("About to run code in data\n");
    OPAQUE(at);
    ((void (*)(void))at)();
    return expect_not_reached("code in data");
}
