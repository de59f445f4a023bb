/* SPDX-License-Identifier: MIT */
/* Overruns an array on the stack; must be stopped. With the word `guard` it tells what stops it. */
#include "../expect.h"

#include "lib/string.h"

#define SIZE 16

extern uintptr_t __stack_chk_guard;

static void __attribute__((noinline)) overrun(size_t size)
{
    volatile char array[SIZE];
    volatile char *at = array;

    OPAQUE(at);
    for (size_t i = 0; i < size; i++)
        at[i] = 'x';
}

int solo5_app_main(const struct solo5_start_info *info)
{
    if (strcmp(info->cmdline, "guard") == 0)
        say("guard %lx\n", (unsigned long)__stack_chk_guard);
    overrun(SIZE);
    say("About to overrun an array on the stack\n");
    overrun(SIZE + 9);
    return expect_not_reached("an overrun array on the stack");
}
