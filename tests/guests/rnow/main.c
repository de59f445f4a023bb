/* SPDX-License-Identifier: MIT */
/* Writes to its constants; must be stopped. */
#include "../expect.h"

static const uint32_t constant = 1;

int solo5_app_main(const struct solo5_start_info *info)
{
    uintptr_t at = (uintptr_t)&constant;

    (void)info;
    say("About to write to rodata\n");
    OPAQUE(at);
    *(volatile uint32_t *)at = 2;
    return expect_not_reached("a write to rodata");
}
