/* SPDX-License-Identifier: MIT */
/* Writes to its text; must be stopped. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    uintptr_t at = (uintptr_t)solo5_app_main & ~(uintptr_t)3;

    (void)info;
    say("About to write to text\n");
    OPAQUE(at);
    *(volatile uint32_t *)at = 0;
    return expect_not_reached("a write to text");
}
