/* SPDX-License-Identifier: MIT */
/* Overruns an array on the stack; must be stopped. */
#include "../expect.h"

#define SIZE 16

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
    (void)info;
    overrun(SIZE);
    say("About to overrun an array on the stack\n");
    overrun(SIZE + 9);
    return expect_not_reached("an overrun array on the stack");
}
