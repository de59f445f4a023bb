/* SPDX-License-Identifier: MIT */
/* Reads address 0; must be stopped. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    const volatile uint32_t *nothing = NULL;

    (void)info;
    say("About to read address 0\n");
    OPAQUE(nothing);
    (void)*nothing;
    return expect_not_reached("a read of address 0");
}
