/* SPDX-License-Identifier: MIT */
/* What a guest can reach: its tables of stage 2, walked as the processor does, page by page. */
#include "underlay/stage2.h"

#include <stdlib.h>

#include "abi/boot_info.h"
#include "abi/call.h"
#include "check.h"

#define MIB     UINT64_C(0x100000)
#define PAGE    UINT64_C(0x1000)
#define GIB     UINT64_C(0x40000000)
#define AT      UINT64_C(0x2400000) /* where its memory is */
#define ADDRESS UINT64_C(0x0000fffffffff000)

static struct stage2 tables;

enum access { NOTHING = 0, READ = 1, READ_WRITE = 3, EXECUTE = 4, READ_EXECUTE = 5 };

/* What is allowed at the guest's address (at), which must lead to its own memory. */
static enum access walk(uint64_t at)
{
    const uint64_t *table = tables.level1;

    for (int shift = 30; shift >= 12; shift -= 9) {
        const uint64_t found = table[at >> shift & 0x1ff];
        if ((found & 1) == 0)
            return NOTHING;
        if (shift > 12 && (found & 2) != 0) {
            table = (const uint64_t *)(uintptr_t)(found & ADDRESS);
            continue;
        }
        CHECK_EQUAL(found & ADDRESS, (AT + at) >> shift << shift);
        CHECK_EQUAL(found >> 2 & 0xf, 0xf); /* write-back memory */
        CHECK_EQUAL(found >> 8 & 7, 7);     /* accessed, inner shareable */
        return (enum access)((found >> 6 & 3) | (found >> 54 & 1 ? 0 : EXECUTE));
    }
    return NOTHING;
}

static bool map(uint64_t size, const struct elf_plan *plan)
{
    memset(&tables, 0xa5, sizeof(tables));
    return stage2_write(&tables, AT, size, plan);
}

static enum access expected(uint64_t at, const struct elf_plan *plan)
{
    if (at < HVT_GUEST_MIN)
        return READ;
    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (at < segment->start || at >= segment->end)
            continue;
        return (enum access)((segment->flags & ELF_W ? READ_WRITE : READ) |
                             (segment->flags & ELF_X ? EXECUTE : 0));
    }
    return READ_WRITE;
}

static void check(uint64_t size, const struct elf_plan *plan)
{
    CHECK(map(size, plan));
    for (uint64_t at = 0; at < size; at += PAGE)
        CHECK_EQUAL(walk(at), expected(at, plan));
    CHECK_EQUAL(walk(size), NOTHING);
    CHECK_EQUAL(walk(GIB), NOTHING);
    CHECK_EQUAL(walk(HVT_CALL_BASE), NOTHING);
    CHECK_EQUAL(walk(0x3f200000), NOTHING);
}

static const struct elf_plan usual = {
    .segments = 3,
    .segment = {{.start = MIB, .end = MIB + 2 * PAGE, .flags = ELF_R | ELF_X},
                {.start = MIB + 2 * PAGE, .end = MIB + 3 * PAGE, .flags = ELF_R},
                {.start = MIB + 3 * PAGE, .end = MIB + 4 * PAGE, .flags = ELF_R | ELF_W}},
};

static void memory_is_what_the_file_says(void)
{
    check(2 * MIB, &usual);
    check(64 * MIB, &usual);
}

static void text_may_fill_whole_blocks_and_parts(void)
{
    const struct elf_plan plan = {
        .segments = 2,
        .segment = {{.start = MIB, .end = 6 * MIB + PAGE, .flags = ELF_R | ELF_X},
                    {.start = 8 * MIB, .end = 10 * MIB, .flags = ELF_R}},
    };

    check(12 * MIB, &plan);
}

static void text_that_is_executed_and_not_read_can_be_revealed(void)
{
    struct elf_plan plan = usual;

    plan.segment[0].flags = ELF_X;
    CHECK(map(2 * MIB, &plan));
    CHECK_EQUAL(walk(MIB), EXECUTE);
    CHECK_EQUAL(walk(MIB + PAGE), EXECUTE);
    CHECK_EQUAL(walk(MIB + 2 * PAGE), READ);
    CHECK(stage2_hides(&plan, MIB + 2 * PAGE - 1));
    CHECK(!stage2_hides(&plan, MIB + 2 * PAGE));
    CHECK(!stage2_hides(&plan, MIB - 1));
    CHECK(!stage2_hides(&usual, MIB));
    stage2_reveal(&tables, &plan);
    CHECK_EQUAL(walk(MIB), READ_EXECUTE);
    CHECK_EQUAL(walk(MIB + PAGE), READ_EXECUTE);
    CHECK_EQUAL(walk(MIB + 2 * PAGE), READ);
    CHECK_EQUAL(walk(MIB + 3 * PAGE), READ_WRITE);
}

static void text_in_too_many_places_is_refused(void)
{
    struct elf_plan plan = {.segments = STAGE2_SPARES + 1};

    for (uint64_t i = 0; i <= STAGE2_SPARES; i++) {
        const uint64_t start = MIB + i * 2 * MIB;
        plan.segment[i] =
            (struct elf_segment){.start = start, .end = start + PAGE, .flags = ELF_R | ELF_X};
    }
    CHECK(!map(64 * MIB, &plan));
    plan.segments--;
    check(64 * MIB, &plan);
}

int main(void)
{
    memory_is_what_the_file_says();
    text_may_fill_whole_blocks_and_parts();
    text_that_is_executed_and_not_read_can_be_revealed();
    text_in_too_many_places_is_refused();
    return 0;
}
