/* SPDX-License-Identifier: MIT */
/* Translation tables of stage 2, identity (Arm ARM for Armv8-A, D5.3, D5.5): memory and peripherals
 * in blocks of 2 MiB. Left out are the underlay's memory and two pages of registers. */
#include "underlay/edges/stage2.h"

#include "backends/bcm2837/registers.h"
#include "underlay/edges/layout.h"

#define ENTRIES   512
#define BLOCK     UINT64_C(0x200000)
#define PAGE      UINT64_C(0x1000)

#define VALID     UINT64_C(0x1)
#define TABLE     UINT64_C(0x3)        /* also: a page, in the last table */
#define NORMAL    (UINT64_C(0xf) << 2) /* write-back memory */
#define DEVICE    (UINT64_C(0x1) << 2) /* Device-nGnRE */
#define WRITABLE  (UINT64_C(0x3) << 6)
#define SHARED    (UINT64_C(0x3) << 8) /* inner shareable */
#define ACCESSED  (UINT64_C(0x1) << 10)
#define NO_CODE   (UINT64_C(0x1) << 54)

#define MEMORY    (NORMAL | WRITABLE | SHARED | ACCESSED)
#define REGISTERS (DEVICE | WRITABLE | ACCESSED | NO_CODE)

/* VTCR_EL2: addresses of 39 bits from level 1 on, 4 KiB, cacheable walks, 40 bits physical. */
#define CONTROL                                                                                    \
    (UINT64_C(1) << 31 | UINT64_C(2) << 16 | UINT64_C(3) << 12 | UINT64_C(1) << 10 |               \
     UINT64_C(1) << 8 | UINT64_C(1) << 6 | UINT64_C(25))

static uint64_t level1[ENTRIES] __attribute__((aligned(4096)));
static uint64_t level2[2][ENTRIES] __attribute__((aligned(4096)));
static uint64_t level3[2][ENTRIES] __attribute__((aligned(4096)));

/* Has the guest see all pages of registers around (hidden) but this one. */
static void hide(uint64_t *pages, uint64_t hidden)
{
    const uint64_t block = hidden & ~(BLOCK - 1);

    for (uint64_t i = 0; i < ENTRIES; i++) {
        const uint64_t page = block + i * PAGE;
        pages[i] = page == hidden ? 0 : page | REGISTERS | TABLE;
    }
    level2[0][block / BLOCK] = (uint64_t)(uintptr_t)pages | TABLE;
}

void stage2_prepare(void)
{
    level1[0] = (uint64_t)(uintptr_t)level2[0] | TABLE;
    level1[1] = (uint64_t)(uintptr_t)level2[1] | TABLE;
    for (uint64_t i = RESERVED / BLOCK; i < ENTRIES; i++) {
        const uint64_t block = i * BLOCK;
        level2[0][i] = block | (block < PERIPHERALS ? MEMORY : REGISTERS) | VALID;
    }
    level2[1][0] = LOCAL | REGISTERS | VALID;
    hide(level3[0], GPIO);
    hide(level3[1], CONTROLLER);
    barrier();
}

void stage2_use(void)
{
    WRITE_REGISTER(vtcr_el2, CONTROL);
    WRITE_REGISTER(vttbr_el2, (uintptr_t)level1);
    barrier();
    __asm__ volatile("tlbi alle1" ::: "memory");
    barrier();
}
