/* SPDX-License-Identifier: MIT */
/* Reads its own text, which a file with an execute-only segment forbids. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    const volatile uint32_t *text = (const volatile uint32_t *)(uintptr_t)solo5_app_main;

    (void)info;
    OPAQUE(text);
    say("text begins with %x\n", *text);
    return expect_not_reached("a read of text");
}
