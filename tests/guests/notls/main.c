/* SPDX-License-Identifier: MIT */
/* Uses thread-local storage without having set any up; must be stopped. */
#include "../expect.h"

static _Thread_local volatile uint32_t stray = 1;

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    say("About to use stray thread-local storage\n");
    stray = 2;
    return expect_not_reached("stray thread-local storage");
}
