/* SPDX-License-Identifier: MIT */
/* Memory and registers as a program at EL2 has them, each where it is. */
#ifndef RPIKIT_BACKENDS_BCM2837_TRANSLATION_H
#define RPIKIT_BACKENDS_BCM2837_TRANSLATION_H

#include <stdint.h>

#define TRANSLATION_ENTRIES 512
#define TRANSLATION_PAGE    UINT64_C(0x1000)
#define TRANSLATION_BLOCK   UINT64_C(0x200000)

/* In the entry of a page, besides what translation_tell_apart() leaves there. */
#define TRANSLATION_READ_ONLY (UINT64_C(1) << 7)
#define TRANSLATION_NO_CODE   (UINT64_C(1) << 54)

struct translation {
    uint64_t level2[2][TRANSLATION_ENTRIES] __attribute__((aligned(4096)));
    uint64_t level1[4] __attribute__((aligned(64)));
};

/* All memory is cached, to read and write, the rest is registers. */
void translation_prepare(struct translation *tables);

/* Has (pages), TRANSLATION_ENTRIES of them in a page of its own, stand for the block at (block),
 * with what it was. */
void translation_tell_apart(struct translation *tables, uint64_t *pages, uint64_t block);

/* Has this core go by (tables), which are in memory, with its caches on. Nothing that can be
 * written is executed. */
void translation_start(const struct translation *tables);

#endif
