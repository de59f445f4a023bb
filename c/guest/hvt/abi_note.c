/* SPDX-License-Identifier: MIT */
/* Marks the file as an hvt guest. */
#include "guest/abi_note.h"
#include "abi/boot_info.h"

SOLO5_GUEST(HVT_ABI_TARGET, HVT_ABI_VERSION);
