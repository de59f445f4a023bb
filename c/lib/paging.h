/* SPDX-License-Identifier: MIT */
/* Writes the guest's own translation tables (stage 1) into its memory: identity, W^X. */
#ifndef RPIKIT_LIB_PAGING_H
#define RPIKIT_LIB_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/elf.h"

/* Guest addresses of the tables; level 2 has one for each GiB. */
#define PAGING_LEVEL0_AT UINT64_C(0x1000)
#define PAGING_LEVEL1_AT UINT64_C(0x2000)
#define PAGING_LEVEL2_AT UINT64_C(0x3000)
#define PAGING_LEVEL3_AT UINT64_C(0x7000) /* for the first 2 MiB */
#define PAGING_SPARE_AT  UINT64_C(0x8000) /* for other 2 MiB that hold part of a text segment */
#define PAGING_SPARES    8

/* Registers that go with the tables (Arm ARM, D17.2; values of Solo5's hvt on aarch64). */
#define PAGING_MAIR  UINT64_C(0x0000bbff440c0400)
#define PAGING_TCR   UINT64_C(0x00000032b5183518) /* 4 KiB granule, 40 bits in and out */
#define PAGING_SCTLR UINT64_C(0x1005)             /* MMU and both caches on */

/* Maps, output address equal to input: nothing below 0x10000; boot information up to 0x100000 for
 * reading; the rest of (size) bytes, a multiple of 2 MiB, for reading and writing, and for
 * executing where (plan) says so; the window of calls as a device. Segments that are not writable
 * are left to stage 2, which can also report who wrote. (memory), at least 64 KiB of zeros, is
 * the host's view of guest address 0. False if the plan needs more than PAGING_SPARES tables. */
bool paging_write(void *memory, uint64_t size, const struct elf_plan *plan);

/* Maps besides the GiB at (at), a multiple of that above all memory, as a device. */
void paging_add_device(void *memory, uint64_t at);

#endif
