/* SPDX-License-Identifier: MIT */
/* The guest's translation tables: walked as the processor does, page by page. */
#include "lib/paging.h"

#include "abi/boot_info.h"
#include "abi/call.h"
#include "check.h"

#define MIB     UINT64_C(0x100000)
#define PAGE    UINT64_C(0x1000)
#define ADDRESS UINT64_C(0x0000fffffffff000)

static uint64_t memory[0x10000 / 8];

enum access { NOTHING, READ, READ_WRITE, EXECUTE, DEVICE, OTHER };

static uint64_t entry(uint64_t table, uint64_t index)
{
    return memory[(table & ADDRESS) / 8 + index];
}

/* What EL1 may do at (at), which must be mapped to itself if it is mapped at all. */
static enum access walk(uint64_t at)
{
    uint64_t found = PAGING_LEVEL0_AT;

    for (int level = 0, shift = 39; level <= 3; level++, shift -= 9) {
        found = entry(found, at >> shift & 0x1ff);
        if ((found & 1) == 0)
            return NOTHING;
        if (level == 3 || (found & 2) == 0) {
            CHECK_EQUAL(found & ADDRESS & ~0x700ull, at >> shift << shift);
            break;
        }
    }
    switch (found & ~ADDRESS) {
    case 0x0060000000000793:
        return READ;
    case 0x0060000000000713:
    case 0x0060000000000711:
        return READ_WRITE;
    case 0x0040000000000713:
    case 0x0040000000000711:
        return EXECUTE;
    case 0x0060000000000705:
        return DEVICE;
    default:
        return OTHER;
    }
}

static bool map(uint64_t size, const struct elf_plan *plan)
{
    memset(memory, 0, sizeof(memory));
    return paging_write(memory, size, plan);
}

static enum access expected(uint64_t at, uint64_t size, const struct elf_plan *plan)
{
    if (at < HVT_BOOT_INFO_AT || at >= size)
        return NOTHING;
    if (at < HVT_GUEST_MIN)
        return READ;
    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (at >= segment->start && at < segment->end && (segment->flags & ELF_X))
            return EXECUTE;
    }
    return READ_WRITE;
}

static void check_map(uint64_t size, const struct elf_plan *plan)
{
    CHECK(map(size, plan));
    for (uint64_t at = 0; at < size + 4 * MIB && at < HVT_CALL_BASE; at += PAGE)
        CHECK_EQUAL(walk(at), expected(at, size, plan));
}

static void test_upstream_values(void)
{
    const struct elf_plan plan = {
        .segments = 1, .segment = {{.start = 0x100000, .end = 0x200000, .flags = ELF_X}}};

    CHECK(map(4 * MIB, &plan));
    CHECK_EQUAL(entry(PAGING_LEVEL0_AT, 0), 0x2003);
    CHECK_EQUAL(entry(PAGING_LEVEL1_AT, 0), 0x3003);
    CHECK_EQUAL(entry(PAGING_LEVEL1_AT, 4), 0x0060000100000705);
    CHECK_EQUAL(entry(PAGING_LEVEL2_AT, 0), 0x7003);
    CHECK_EQUAL(entry(PAGING_LEVEL3_AT, 0x10), 0x0060000000010793);
    CHECK_EQUAL(entry(PAGING_LEVEL3_AT, 0x100), 0x0040000000100713);
}

static void test_small_guest(void)
{
    const struct elf_plan plan = {.segments = 3,
                                  .segment = {
                                      {.start = 0x100000, .end = 0x103000, .flags = ELF_X | ELF_R},
                                      {.start = 0x103000, .end = 0x104000, .flags = ELF_R},
                                      {.start = 0x104000, .end = 0x106000, .flags = ELF_R | ELF_W},
                                  }};

    check_map(2 * MIB, &plan);
    check_map(512 * MIB, &plan);
    CHECK_EQUAL(walk(HVT_CALL_BASE), DEVICE);
    CHECK_EQUAL(walk(HVT_CALL_BASE + HVT_CALL_WINDOW - 8), DEVICE);
    CHECK_EQUAL(walk(HVT_CALL_BASE + HVT_CALL_WINDOW), NOTHING);
}

static void test_text_over_several_blocks(void)
{
    const struct elf_plan plan = {.segments = 3,
                                  .segment = {
                                      {.start = 0x100000, .end = 0x655000, .flags = ELF_X},
                                      {.start = 0x655000, .end = 0x700000, .flags = ELF_R},
                                      {.start = 0x700000, .end = 0x80f000, .flags = ELF_X},
                                  }};

    check_map(16 * MIB, &plan);
    CHECK_EQUAL(entry(PAGING_LEVEL2_AT, 1), 0x0040000000200711);
    CHECK_EQUAL(entry(PAGING_LEVEL2_AT, 5), 0x0060000000a00711);
}

static void test_largest_guest(void)
{
    const struct elf_plan plan = {
        .segments = 1,
        .segment = {{.start = 0xffe00000, .end = 0xffffe000, .flags = ELF_X | ELF_R}}};

    CHECK(map(HVT_MEMORY_MAX, &plan));
    CHECK_EQUAL(walk(0xc0000000), READ_WRITE);
    CHECK_EQUAL(walk(0xffe00000), EXECUTE);
    CHECK_EQUAL(walk(0xfffff000), READ_WRITE);
    CHECK_EQUAL(walk(HVT_CALL_BASE), DEVICE);
}

static void test_registers_are_mapped_only_for_who_is_given_them(void)
{
    const struct elf_plan plan = {.segments = 0};

    CHECK(map(4 * MIB, &plan));
    CHECK_EQUAL(walk(HVT_GPIO_PAGE), NOTHING);
    paging_add_device(memory, HVT_GPIO_PAGE);
    CHECK_EQUAL(walk(HVT_GPIO_PAGE), DEVICE);
    CHECK_EQUAL(walk(HVT_GPIO_PAGE - PAGE), DEVICE); /* the last call */
    CHECK_EQUAL(walk(4 * MIB), NOTHING);
}

static void test_text_in_too_many_places(void)
{
    struct elf_plan plan = {.segments = PAGING_SPARES};

    for (uint32_t i = 0; i <= PAGING_SPARES; i++) {
        const uint64_t start = (i + 1) * 2 * MIB + PAGE;
        plan.segment[i] = (struct elf_segment){.start = start, .end = start + PAGE, .flags = ELF_X};
    }
    check_map(64 * MIB, &plan);
    plan.segments++;
    CHECK(!map(64 * MIB, &plan));
}

int main(void)
{
    test_upstream_values();
    test_small_guest();
    test_text_over_several_blocks();
    test_largest_guest();
    test_text_in_too_many_places();
    test_registers_are_mapped_only_for_who_is_given_them();
    return 0;
}
