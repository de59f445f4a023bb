/* SPDX-License-Identifier: MIT */
/* Writes the guest's own translation tables (stage 1) into its memory: identity, W^X. */
#include "lib/paging.h"

#include "abi/boot_info.h"
#include "abi/call.h"

#define PAGE    UINT64_C(0x1000)
#define BLOCK   UINT64_C(0x200000)
#define GIB     UINT64_C(0x40000000)
#define ENTRIES 512 /* in one table */

/* Descriptors of stage 1: Arm ARM, D8.3. */
#define TABLE           UINT64_C(0x3)
#define AS_BLOCK        UINT64_C(0x1)
#define AS_PAGE         UINT64_C(0x3)
#define DEVICE          (UINT64_C(1) << 2) /* slot 1 of MAIR: nGnRE */
#define NORMAL          (UINT64_C(4) << 2) /* slot 4 of MAIR: write-back */
#define READ_ONLY       (UINT64_C(1) << 7)
#define INNER_SHAREABLE (UINT64_C(3) << 8)
#define ACCESS_FLAG     (UINT64_C(1) << 10)
#define PXN             (UINT64_C(1) << 53)
#define UXN             (UINT64_C(1) << 54)
#define COMMON          (INNER_SHAREABLE | ACCESS_FLAG | UXN)

static uint64_t *table_at(void *memory, uint64_t at)
{
    return (uint64_t *)((uint8_t *)memory + at);
}

/* A table of level 3 for the 2 MiB at (at), without any executable page. */
static uint64_t write_pages(void *memory, uint64_t table, uint64_t at)
{
    uint64_t *level3 = table_at(memory, table);

    for (uint64_t i = 0; i < ENTRIES; i++)
        level3[i] = (at + i * PAGE) | AS_PAGE | NORMAL | COMMON | PXN;
    return table | TABLE;
}

/* The first 2 MiB: nothing, then boot information, then the program. */
static uint64_t write_first_pages(void *memory)
{
    uint64_t *level3 = table_at(memory, PAGING_LEVEL3_AT);
    const uint64_t entry = write_pages(memory, PAGING_LEVEL3_AT, 0);

    for (uint64_t i = 0; i < HVT_BOOT_INFO_AT / PAGE; i++)
        level3[i] = 0;
    for (uint64_t i = HVT_BOOT_INFO_AT / PAGE; i < HVT_GUEST_MIN / PAGE; i++)
        level3[i] |= READ_ONLY;
    return entry;
}

/* Whole blocks of [start, end) stay blocks; of the others the pages are told apart. */
static bool make_executable(void *memory, uint64_t *spare, uint64_t start, uint64_t end)
{
    uint64_t *level2 = table_at(memory, PAGING_LEVEL2_AT);
    uint64_t next;

    for (uint64_t at = start; at < end; at = next) {
        const uint64_t block = at & ~(BLOCK - 1);
        uint64_t *entry = &level2[block / BLOCK];
        next = end - block < BLOCK ? end : block + BLOCK;
        if (next - at == BLOCK) {
            *entry &= ~PXN;
            continue;
        }
        if ((*entry & TABLE) != TABLE) {
            if (*spare == PAGING_SPARE_AT + PAGING_SPARES * PAGE)
                return false;
            *entry = write_pages(memory, *spare, block);
            *spare += PAGE;
        }
        uint64_t *level3 = table_at(memory, *entry & ~(PAGE - 1));
        for (uint64_t i = at - block; i < next - block; i += PAGE)
            level3[i / PAGE] &= ~PXN;
    }
    return true;
}

bool paging_write(void *memory, uint64_t size, const struct elf_plan *plan)
{
    uint64_t *level0 = table_at(memory, PAGING_LEVEL0_AT);
    uint64_t *level1 = table_at(memory, PAGING_LEVEL1_AT);
    uint64_t *level2 = table_at(memory, PAGING_LEVEL2_AT); /* those of every GiB in a row */
    uint64_t spare = PAGING_SPARE_AT;

    level0[0] = PAGING_LEVEL1_AT | TABLE;
    for (uint64_t i = 0; i * GIB < size; i++)
        level1[i] = (PAGING_LEVEL2_AT + i * PAGE) | TABLE;
    level1[HVT_CALL_BASE / GIB] = HVT_CALL_BASE | AS_BLOCK | DEVICE | COMMON | PXN;
    level2[0] = write_first_pages(memory);
    for (uint64_t at = BLOCK; at < size; at += BLOCK)
        level2[at / BLOCK] = at | AS_BLOCK | NORMAL | COMMON | PXN;

    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if ((segment->flags & ELF_X) &&
            !make_executable(memory, &spare, segment->start, segment->end))
            return false;
    }
    return true;
}

void paging_add_device(void *memory, uint64_t at)
{
    table_at(memory, PAGING_LEVEL1_AT)[at / GIB] = at | AS_BLOCK | DEVICE | COMMON | PXN;
}
