/* SPDX-License-Identifier: MIT */
/* Translation tables of stage 2, identity (Arm ARM for Armv8-A, D5.3, D5.5): memory and peripherals
 * in blocks of 2 MiB, and pages around those that were taken away. */
#include "underlay/linux/identity.h"

#include "backends/bcm2837/registers.h"
#include "underlay/stage2.h"

#define ENTRIES   512
#define BLOCK     UINT64_C(0x200000)
#define PAGE      UINT64_C(0x1000)
#define SPARES    2

#define VALID     UINT64_C(0x1)
#define TABLE     UINT64_C(0x3) /* also: a page, in the last table */
#define KIND      UINT64_C(0x3)
#define NORMAL    (UINT64_C(0xf) << 2) /* write-back memory */
#define DEVICE    (UINT64_C(0x1) << 2) /* Device-nGnRE */
#define WRITABLE  (UINT64_C(0x3) << 6)
#define SHARED    (UINT64_C(0x3) << 8) /* inner shareable */
#define ACCESSED  (UINT64_C(0x1) << 10)
#define NO_CODE   (UINT64_C(0x1) << 54)
#define ADDRESS   UINT64_C(0x0000fffffffff000)

#define MEMORY    (NORMAL | WRITABLE | SHARED | ACCESSED)
#define REGISTERS (DEVICE | WRITABLE | ACCESSED | NO_CODE)

static uint64_t level1[ENTRIES] __attribute__((aligned(4096)));
static uint64_t level2[2][ENTRIES] __attribute__((aligned(4096)));
static uint64_t level3[SPARES][ENTRIES] __attribute__((aligned(4096)));
static uint32_t spares;

void identity_prepare(uint64_t start, uint64_t end)
{
    level1[0] = (uint64_t)(uintptr_t)level2[0] | TABLE;
    level1[1] = (uint64_t)(uintptr_t)level2[1] | TABLE;
    for (uint64_t at = start; at < end; at += BLOCK)
        level2[0][at / BLOCK] = at | MEMORY | VALID;
    for (uint64_t at = PERIPHERALS; at < LOCAL; at += BLOCK)
        level2[0][at / BLOCK] = at | REGISTERS | VALID;
    level2[1][0] = LOCAL | REGISTERS | VALID;
    barrier();
}

void identity_hide(uint64_t page)
{
    const uint64_t block = page & ~(BLOCK - 1);
    uint64_t *const entry = &level2[0][block / BLOCK];

    if ((*entry & KIND) != TABLE && spares < SPARES) {
        uint64_t *const pages = level3[spares++];
        for (uint64_t i = 0; i < ENTRIES; i++)
            pages[i] = (block + i * PAGE) | REGISTERS | TABLE;
        *entry = (uint64_t)(uintptr_t)pages | TABLE;
    }
    if ((*entry & KIND) == TABLE)
        ((uint64_t *)(uintptr_t)(*entry & ADDRESS))[(page - block) / PAGE] = 0;
    else
        *entry = 0; /* rather too much */
    barrier();
}

void identity_use(uint64_t name)
{
    WRITE_REGISTER(vtcr_el2, STAGE2_CONTROL);
    WRITE_REGISTER(vttbr_el2, (uintptr_t)level1 | name << 48);
    barrier();
    __asm__ volatile("tlbi alle1" ::: "memory");
    barrier();
}
