/* SPDX-License-Identifier: MIT */
/* Translation tables of stage 2 (Arm ARM for Armv8-A, D5.3, D5.5). */
#include "underlay/stage2.h"

#include "abi/boot_info.h"

#define BLOCK    UINT64_C(0x200000)
#define PAGE     UINT64_C(0x1000)

#define AS_BLOCK UINT64_C(0x1)
#define TABLE    UINT64_C(0x3) /* also: a page, in the last table */
#define KIND     UINT64_C(0x3)
#define NORMAL   (UINT64_C(0xf) << 2) /* write-back memory */
#define READABLE (UINT64_C(0x1) << 6)
#define WRITABLE (UINT64_C(0x3) << 6) /* and readable */
#define SHARED   (UINT64_C(0x3) << 8) /* inner shareable */
#define ACCESSED (UINT64_C(0x1) << 10)
#define NO_CODE  (UINT64_C(0x1) << 54)

#define MEMORY   (NORMAL | SHARED | ACCESSED)
#define DATA     (WRITABLE | NO_CODE)
#define RIGHTS   (WRITABLE | NO_CODE)
#define ADDRESS  UINT64_C(0x0000fffffffff000)

static void clear(uint64_t *table)
{
    for (uint32_t i = 0; i < STAGE2_ENTRIES; i++)
        table[i] = 0;
}

/* The pages of a block, each with the block's rights. */
static bool tell_apart(struct stage2 *tables, uint32_t *spares, uint64_t *entry)
{
    if ((*entry & KIND) == TABLE)
        return true;
    if (*spares == STAGE2_SPARES)
        return false;
    uint64_t *const pages = tables->level3[(*spares)++];
    for (uint64_t i = 0; i < STAGE2_ENTRIES; i++)
        pages[i] = ((*entry & ~KIND) + i * PAGE) | TABLE;
    *entry = (uint64_t)(uintptr_t)pages | TABLE;
    return true;
}

/* Whole blocks of [start, end) stay blocks; of the others the pages are told apart. */
static bool give(struct stage2 *tables, uint32_t *spares, uint64_t start, uint64_t end,
                 uint64_t rights)
{
    uint64_t next;

    for (uint64_t at = start; at < end; at = next) {
        const uint64_t block = at & ~(BLOCK - 1);
        uint64_t *const entry = &tables->level2[block / BLOCK];
        next = end - block < BLOCK ? end : block + BLOCK;
        if (next - at == BLOCK) {
            *entry = (*entry & ~RIGHTS) | rights;
            continue;
        }
        if (!tell_apart(tables, spares, entry))
            return false;
        uint64_t *const pages = (uint64_t *)(uintptr_t)(*entry & ADDRESS);
        for (uint64_t page = at; page < next; page += PAGE) {
            uint64_t *const one = &pages[(page - block) / PAGE];
            *one = (*one & ~RIGHTS) | rights;
        }
    }
    return true;
}

static bool is_hidden(const struct elf_segment *segment)
{
    return (segment->flags & (ELF_R | ELF_X)) == ELF_X;
}

static uint64_t rights_of(const struct elf_segment *segment)
{
    if (is_hidden(segment))
        return 0;
    return (segment->flags & ELF_W ? WRITABLE : READABLE) | (segment->flags & ELF_X ? 0 : NO_CODE);
}

bool stage2_write(struct stage2 *tables, uint64_t at, uint64_t size, const struct elf_plan *plan)
{
    uint32_t spares = 0;

    clear(tables->level1);
    clear(tables->level2);
    tables->level1[0] = (uint64_t)(uintptr_t)tables->level2 | TABLE;
    for (uint64_t block = 0; block < size; block += BLOCK)
        tables->level2[block / BLOCK] = (at + block) | AS_BLOCK | MEMORY | DATA;
    if (!give(tables, &spares, 0, HVT_GUEST_MIN, READABLE | NO_CODE))
        return false;
    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (!give(tables, &spares, segment->start, segment->end, rights_of(segment)))
            return false;
    }
    return true;
}

bool stage2_hides(const struct elf_plan *plan, uint64_t address)
{
    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (address >= segment->start && address < segment->end)
            return is_hidden(segment);
    }
    return false;
}

void stage2_reveal(struct stage2 *tables, const struct elf_plan *plan)
{
    uint32_t none = STAGE2_SPARES; /* pages that are hidden were told apart before */

    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (is_hidden(segment))
            give(tables, &none, segment->start, segment->end, READABLE);
    }
}
