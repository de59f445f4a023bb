/* SPDX-License-Identifier: MIT */
/* Translation tables of EL2, identity (Arm ARM for Armv8-A, D5.2, D5.3). */
#include "underlay/mmu.h"

#include <stdint.h>

#include "backends/bcm2837/registers.h"
#include "underlay/core.h"
#include "underlay/layout.h"

#define ENTRIES   512
#define PAGE      UINT64_C(0x1000)

#define AS_BLOCK  UINT64_C(0x1)
#define TABLE     UINT64_C(0x3)      /* also: a page, in the last table */
#define NORMAL    (UINT64_C(0) << 2) /* slot 0 of MAIR */
#define DEVICE    (UINT64_C(1) << 2) /* slot 1 */
#define MUST      (UINT64_C(1) << 6) /* one, at EL2 */
#define READ_ONLY (UINT64_C(1) << 7)
#define SHARED    (UINT64_C(3) << 8) /* inner shareable */
#define ACCESSED  (UINT64_C(1) << 10)
#define NO_CODE   (UINT64_C(1) << 54)

#define MEMORY    (NORMAL | MUST | SHARED | ACCESSED | NO_CODE)
#define REGISTERS (DEVICE | MUST | ACCESSED | NO_CODE)

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

static uint64_t level1[4] __attribute__((aligned(64)));
static uint64_t level2[2][ENTRIES] __attribute__((aligned(4096)));
static uint64_t of_image[ENTRIES] __attribute__((aligned(4096)));
static uint64_t of_stacks[ENTRIES] __attribute__((aligned(4096)));

extern char image_text[], image_rodata[], image_data[]; /* of underlay.lds: text, constants, rest */

/* The pages of the block at (block). */
static void tell_apart(uint64_t *pages, uint64_t block)
{
    for (uint64_t i = 0; i < ENTRIES; i++)
        pages[i] = (block + i * PAGE) | MEMORY | TABLE;
    level2[0][block / LAYOUT_BLOCK] = (uint64_t)(uintptr_t)pages | TABLE;
}

static void protect_image(void)
{
    const uint64_t text = (uintptr_t)image_text, rodata = (uintptr_t)image_rodata;

    tell_apart(of_image, 0);
    of_image[0] = 0; /* where null pointers lead; the cores left the firmware's stub before */
    for (uint64_t at = text; at < (uintptr_t)image_data; at += PAGE) {
        of_image[at / PAGE] |= READ_ONLY;
        if (at < rodata)
            of_image[at / PAGE] &= ~NO_CODE;
    }
}

/* The lowest page of each guest's stack. */
static void protect_stacks(void)
{
    tell_apart(of_stacks, LAYOUT_OWN);
    for (uint64_t i = 0; i < GUESTS_MAX; i++)
        of_stacks[((uintptr_t)core_stack(i) - LAYOUT_OWN) / PAGE] = 0;
}

void mmu_prepare(void)
{
    for (uint64_t i = 0; i < ENTRIES; i++) {
        const uint64_t block = i * LAYOUT_BLOCK;
        level2[0][i] = block | (block < PERIPHERALS ? MEMORY : REGISTERS) | AS_BLOCK;
    }
    level2[1][0] = LOCAL | REGISTERS | AS_BLOCK;
    level1[0] = (uint64_t)(uintptr_t)level2[0] | TABLE;
    level1[1] = (uint64_t)(uintptr_t)level2[1] | TABLE;
    protect_image();
    protect_stacks();
    barrier();
}

void mmu_start(void)
{
    WRITE_REGISTER(mair_el2, MAIR);
    WRITE_REGISTER(tcr_el2, CONTROL);
    WRITE_REGISTER(ttbr0_el2, (uintptr_t)level1);
    barrier();
    __asm__ volatile("tlbi alle2\n\tic iallu" ::: "memory");
    barrier();
    WRITE_REGISTER(sctlr_el2, SYSTEM);
    barrier();
}
