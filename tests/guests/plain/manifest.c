/* SPDX-License-Identifier: MIT */
/* The manifest as Solo5's elftool prints it: one disk and one network. */
#define MFT_ENTRIES 3
#include "mft_abi.h"

MFT1_NOTE_DECLARE_BEGIN
{
    .version = MFT_VERSION,
    .entries = 3,
    .e = {
        {.name = "", .type = MFT_RESERVED_FIRST},
        {.name = "storage", .type = MFT_DEV_BLOCK_BASIC},
        {.name = "service0", .type = MFT_DEV_NET_BASIC},
    },
}
MFT1_NOTE_DECLARE_END
