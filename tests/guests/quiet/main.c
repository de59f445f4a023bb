/* SPDX-License-Identifier: MIT */
/* Says little, so that one sees what the bindings say. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    say("Command line: '%s'\n", info->cmdline);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
