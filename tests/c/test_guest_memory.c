/* SPDX-License-Identifier: MIT */
/* The door to guest memory: what passes, what does not. */
#include "check.h"

#include "dispatch/guest_memory.h"

static uint8_t bytes[4096] __attribute__((aligned(4096)));

static struct guest_memory memory(void)
{
    return (struct guest_memory){.base = (uintptr_t)bytes, .size = sizeof(bytes)};
}

static const void *in(uint64_t at, uint64_t size, uint64_t align)
{
    struct guest_memory m = memory();

    return guest_in(&m, (struct guest_addr){at}, size, align);
}

static void addresses_inside_pass(void)
{
    CHECK(in(0, 16, 8) == bytes);
    CHECK(in(8, 4087, 8) == bytes + 8);
    CHECK(in(4095, 0, 1) == bytes + 4095);
}

static void a_block_that_ends_at_the_top_is_refused_as_upstream_does(void)
{
    CHECK(in(4080, 16, 8) == NULL);
    CHECK(in(4080, 15, 8) == bytes + 4080);
}

static void addresses_outside_and_sums_that_wrap_are_refused(void)
{
    CHECK(in(4096, 0, 1) == NULL);
    CHECK(in(UINT64_MAX, 1, 1) == NULL);
    CHECK(in(16, UINT64_MAX, 1) == NULL);
    CHECK(in(UINT64_MAX - 7, 16, 8) == NULL);
    CHECK(in(0, 4097, 1) == NULL);
}

static void misaligned_blocks_are_refused(void)
{
    CHECK(in(4, 8, 8) == NULL);
    CHECK(in(4, 8, 4) == bytes + 4);
    CHECK(in(1, 4, 4) == NULL);
}

static void read_only_ranges_can_be_read_but_not_written(void)
{
    struct guest_memory m = memory();
    const uint64_t at[] = {0, 255, 256, 300, 511, 512, 767, 768, 1023};
    const bool writable[] = {true, false, false, false, false, true, false, false, false};

    CHECK(guest_protect(&m, 256, 512));
    CHECK(guest_protect(&m, 768, 1024));
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        CHECK(guest_in(&m, (struct guest_addr){at[i]}, 2, 1) == bytes + at[i]);
        CHECK((guest_out(&m, (struct guest_addr){at[i]}, 2, 1) != NULL) == writable[i]);
    }
    CHECK(guest_out(&m, (struct guest_addr){1024}, 16, 8) == bytes + 1024);
    CHECK(guest_out(&m, (struct guest_addr){0}, 2000, 8) == NULL);
    CHECK(guest_out(&m, (struct guest_addr){0}, UINT64_MAX, 8) == NULL);
}

static void there_is_room_for_a_limited_number_of_ranges(void)
{
    struct guest_memory m = memory();

    for (uint64_t i = 0; i < GUEST_READONLY_MAX; i++)
        CHECK(guest_protect(&m, i * 16, i * 16 + 16));
    CHECK(!guest_protect(&m, 2048, 4096));
}

static void copies_are_whole_at_any_alignment(void)
{
    uint8_t to[40];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t at = 0; at < 8; at++)
        for (size_t size = 0; size <= 32; size++) {
            to[size] = 0xee;
            guest_copy(to, bytes + at, size);
            for (size_t i = 0; i < size; i++)
                CHECK(to[i] == bytes[at + i]);
            CHECK(to[size] == 0xee);
        }
}

int main(void)
{
    addresses_inside_pass();
    a_block_that_ends_at_the_top_is_refused_as_upstream_does();
    addresses_outside_and_sums_that_wrap_are_refused();
    misaligned_blocks_are_refused();
    read_only_ranges_can_be_read_but_not_written();
    there_is_room_for_a_limited_number_of_ranges();
    copies_are_whole_at_any_alignment();
    return 0;
}
