/* SPDX-License-Identifier: MIT */
/* Translation tables of EL2, identity (Arm ARM for Armv8-A, D5.2, D5.3). */
#include "backends/bcm2837/translation.h"

#include "backends/bcm2837/registers.h"

#define AS_BLOCK  UINT64_C(0x1)
#define TABLE     UINT64_C(0x3)      /* also: a page, in the last table */
#define NORMAL    (UINT64_C(0) << 2) /* slot 0 of MAIR */
#define DEVICE    (UINT64_C(1) << 2) /* slot 1 */
#define MUST      (UINT64_C(1) << 6) /* one, at EL2 */
#define SHARED    (UINT64_C(3) << 8) /* inner shareable */
#define ACCESSED  (UINT64_C(1) << 10)

#define MEMORY    (NORMAL | MUST | SHARED | ACCESSED | TRANSLATION_NO_CODE)
#define REGISTERS (DEVICE | MUST | ACCESSED | TRANSLATION_NO_CODE)

#define MAIR      UINT64_C(0x04ff) /* 1: Device-nGnRE, 0: write-back */
/* TCR_EL2: addresses of 32 bits from level 1 on, 4 KiB, cacheable and shared walks. */
#define CONTROL                                                                                    \
    (UINT64_C(1) << 31 | UINT64_C(1) << 23 | UINT64_C(3) << 12 | UINT64_C(1) << 10 |               \
     UINT64_C(1) << 8 | UINT64_C(32))
/* SCTLR_EL2: what must be one; writable is never executable, instruction and data caches, stack
 * alignment, MMU. */
#define SYSTEM                                                                                     \
    (UINT64_C(0x30c50830) | UINT64_C(1) << 19 | UINT64_C(1) << 12 | UINT64_C(1) << 3 |             \
     UINT64_C(1) << 2 | UINT64_C(1))

void translation_prepare(struct translation *tables)
{
    for (uint64_t i = 0; i < TRANSLATION_ENTRIES; i++) {
        const uint64_t block = i * TRANSLATION_BLOCK;
        tables->level2[0][i] = block | (block < PERIPHERALS ? MEMORY : REGISTERS) | AS_BLOCK;
    }
    tables->level2[1][0] = LOCAL | REGISTERS | AS_BLOCK;
    tables->level1[0] = (uint64_t)(uintptr_t)tables->level2[0] | TABLE;
    tables->level1[1] = (uint64_t)(uintptr_t)tables->level2[1] | TABLE;
}

void translation_tell_apart(struct translation *tables, uint64_t *pages, uint64_t block)
{
    for (uint64_t i = 0; i < TRANSLATION_ENTRIES; i++)
        pages[i] = (block + i * TRANSLATION_PAGE) | MEMORY | TABLE;
    tables->level2[0][block / TRANSLATION_BLOCK] = (uint64_t)(uintptr_t)pages | TABLE;
}

void translation_start(const struct translation *tables)
{
    WRITE_REGISTER(mair_el2, MAIR);
    WRITE_REGISTER(tcr_el2, CONTROL);
    WRITE_REGISTER(ttbr0_el2, (uintptr_t)tables->level1);
    barrier();
    __asm__ volatile("tlbi alle2\n\tic iallu" ::: "memory");
    barrier();
    WRITE_REGISTER(sctlr_el2, SYSTEM);
    barrier();
}
