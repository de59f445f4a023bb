/* SPDX-License-Identifier: MIT */
/* Frames of an hvt guest: through the network ring where the tender offers it. */
#ifndef RPIKIT_GUEST_HVT_FRAMES_H
#define RPIKIT_GUEST_HVT_FRAMES_H

#include "abi/boot_info.h"

/* Looks for the ring in (boot); called once, before the application runs. */
void frames_start(const struct hvt_boot_info *boot);

#endif
