/* SPDX-License-Identifier: MIT */
/* Runs an undefined instruction; must be stopped. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    say("About to run an undefined instruction\n");
    __asm__ volatile(".inst 0");
    return expect_not_reached("an undefined instruction");
}
