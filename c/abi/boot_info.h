/* SPDX-License-Identifier: MIT */
/* What the tender leaves in guest memory before the first instruction (Solo5 hvt ABI 2, aarch64). */
#ifndef RPIKIT_ABI_BOOT_INFO_H
#define RPIKIT_ABI_BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#define HVT_ABI_TARGET 1
#define HVT_ABI_VERSION 2

/* Guest-physical addresses; guest virtual equals guest physical. The guest finds this one in X0. In
 * X1 there may be a random number, for whoever wants one: the underlay leaves one there. */
#define HVT_BOOT_INFO_AT UINT64_C(0x10000)
#define HVT_GUEST_MIN UINT64_C(0x100000)    /* lowest address of the program */
#define HVT_MEMORY_STEP UINT64_C(0x200000)  /* memory is a multiple of this */
#define HVT_MEMORY_MAX UINT64_C(0x100000000)
#define HVT_CMDLINE_SIZE 8192               /* bytes, with the final NUL */

struct hvt_boot_info {
    uint64_t memory_size;       /* bytes */
    uint64_t kernel_end;        /* end of the non-empty PT_LOADs; can lie below the guest's _end */
    uint64_t counter_frequency; /* Hz, CNTFRQ_EL0 */
    uint64_t cmdline;           /* guest address, NUL-terminated */
    uint64_t manifest;          /* guest address of struct mft */
    uint32_t features_offered;  /* bit 0: network ring */
    uint32_t features_accepted; /* always 0: the page is read-only for the guest */
    uint64_t ring;              /* guest address, 0 if none */
};

_Static_assert(sizeof(struct hvt_boot_info) == 56, "Solo5 hvt ABI 2: boot info");
_Static_assert(offsetof(struct hvt_boot_info, ring) == 48, "Solo5 hvt ABI 2: boot info");

#endif
