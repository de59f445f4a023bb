/* SPDX-License-Identifier: MIT */
/* Loses its stack; must be stopped, with a report. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    say("About to push to a stack at address 64\n");
    __asm__ volatile("mov x9, sp\n\t"
                     "mov x10, #64\n\t"
                     "mov sp, x10\n\t"
                     "str xzr, [sp, #-16]!\n\t"
                     "mov sp, x9"
                     :
                     :
                     : "x9", "x10", "memory");
    return expect_not_reached("a push to a stack at address 64");
}
