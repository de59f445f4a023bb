/* SPDX-License-Identifier: MIT */
/* Marks the file as an spt guest. */
#include "guest/abi_note.h"
#include "abi/spt.h"

SOLO5_GUEST(SPT_ABI_TARGET, SPT_ABI_VERSION);
