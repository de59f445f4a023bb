/* SPDX-License-Identifier: MIT */
/* Runs code in its constants; must be stopped. */
#include "../expect.h"

static const uint32_t constants[] = {0xd65f03c0}; /* ret */

int solo5_app_main(const struct solo5_start_info *info)
{
    uintptr_t at = (uintptr_t)constants;

    (void)info;
    say("About to run code in rodata\n");
    OPAQUE(at);
    ((void (*)(void))at)();
    return expect_not_reached("code in rodata");
}
