/* SPDX-License-Identifier: MIT */
/* Says first of all what the wall clock shows: without an operating system it begins with the
 * power. */
#include <solo5.h>

#include "apps/say.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    say("power %lu\n", solo5_clock_wall());
    return SOLO5_EXIT_SUCCESS;
}
