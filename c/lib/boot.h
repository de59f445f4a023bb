/* SPDX-License-Identifier: MIT */
/* Writes boot information, the manifest and the command line where the guest looks for them. */
#ifndef RPIKIT_LIB_BOOT_H
#define RPIKIT_LIB_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/boot_info.h"
#include "abi/manifest.h"

struct boot {
    uint64_t memory_size;       /* bytes */
    uint64_t kernel_end;        /* of the plan of the ELF file */
    uint64_t counter_frequency; /* Hz */
    uint64_t ring;              /* guest address of the network ring, 0: none */
    const struct mft *manifest; /* valid, devices attached */
    const char *const *words;   /* of the command line */
    uint32_t word_count;
};

/* Joins (words) by blanks at (to), which has room for HVT_CMDLINE_SIZE bytes. False if they need
 * more. */
bool boot_join(char *to, const char *const *words, uint32_t count);

/* Writes behind (memory), the host's view of guest address 0: zeros as yet from HVT_BOOT_INFO_AT
 * to HVT_GUEST_MIN. False if the words, joined by blanks, are longer than a command line. */
bool boot_write(void *memory, const struct boot *boot);

/* What the guest's registers start with, besides those of the tables (hvt on aarch64). */
#define BOOT_PSTATE      UINT64_C(0x3c5)    /* EL1 with its own stack, all interrupts masked */
#define BOOT_CPACR       UINT64_C(0x300000) /* floating point and SIMD do not trap */
#define BOOT_STACK(size) ((size)-16)

#endif
