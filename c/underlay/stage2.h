/* SPDX-License-Identifier: MIT */
/* What a guest can reach whatever it does: its memory, as its file wants it, and nothing else. */
#ifndef RPIKIT_UNDERLAY_STAGE2_H
#define RPIKIT_UNDERLAY_STAGE2_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/elf.h"

#define STAGE2_ENTRIES 512
#define STAGE2_SPARES  12 /* blocks of 2 MiB of which the pages are told apart */

/* VTCR_EL2: addresses of 39 bits from level 1 on, 4 KiB, cacheable walks, 40 bits physical. */
#define STAGE2_CONTROL                                                                             \
    (UINT64_C(1) << 31 | UINT64_C(2) << 16 | UINT64_C(3) << 12 | UINT64_C(1) << 10 |               \
     UINT64_C(1) << 8 | UINT64_C(1) << 6 | UINT64_C(25))

struct stage2 {
    uint64_t level1[STAGE2_ENTRIES];
    uint64_t level2[STAGE2_ENTRIES]; /* of the first GiB: no guest has more */
    uint64_t level3[STAGE2_SPARES][STAGE2_ENTRIES];
} __attribute__((aligned(4096)));

/* Writes the tables of a guest whose (size) bytes, a multiple of 2 MiB up to a GiB, lie at the
 * physical address (at), as is: segments that are not writable are read-only, those that are
 * executable are executed and no others are, and not read if the file says so; what lies below the
 * program is read. Tables lie where
 * their pointers say. False if the plan needs more than STAGE2_SPARES. */
bool stage2_write(struct stage2 *tables, uint64_t at, uint64_t size, const struct elf_plan *plan);

/* Whether (address) is in text that is executed and not read. */
bool stage2_hides(const struct elf_plan *plan, uint64_t address);
/* Lets all of it be read, in tables that were written. Who uses them has to forget what was. */
void stage2_reveal(struct stage2 *tables, const struct elf_plan *plan);

#endif
