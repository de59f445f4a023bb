/* SPDX-License-Identifier: MIT */
/* Why a guest was left: syndromes as the Arm ARM has them, read. */
#include "underlay/trap.h"

#include "abi/call.h"
#include "check.h"

#define MEMORY UINT64_C(0x200000)

/* ESR_EL2 of a data abort from below. */
#define DATA    (UINT64_C(0x24) << 26 | UINT64_C(1) << 25 | NOWHERE)
#define NOWHERE UINT64_C(0x06) /* no translation at level 2 */
#define REFUSED UINT64_C(0x0f) /* no permission at level 3 */
#define DECODED (UINT64_C(1) << 24)
#define STORE   (UINT64_C(1) << 6)
#define SIZE(n) ((uint64_t)(n) << 22)
#define REG(n)  ((uint64_t)(n) << 16)
#define WALK    (UINT64_C(1) << 7)
#define CALL    (DATA | DECODED | STORE | SIZE(2))

#define OWN     UINT64_C(0xffff000000000000)

static struct trap decode(uint64_t syndrome, uint64_t address)
{
    /* The guest's virtual address has the same place in its page, and may be another one. */
    return trap_decode(syndrome, OWN | (address & 0xfff), address >> 12 << 4, MEMORY);
}

static void a_store_of_32_bits_to_the_window_is_a_call(void)
{
    const struct trap trap = decode(CALL | REG(7), HVT_CALL_ADDRESS(5));

    CHECK_EQUAL(trap.kind, TRAP_CALL);
    CHECK_EQUAL(trap.number, 5);
    CHECK_EQUAL(trap.reg, 7);
    CHECK(trap.skips);
    CHECK_EQUAL(decode(CALL, HVT_CALL_ADDRESS(HVT_CALL_OWN_FIRST + 3)).number,
                HVT_CALL_OWN_FIRST + 3);
    CHECK_EQUAL(decode(CALL, HVT_CALL_BASE + HVT_CALL_WINDOW - 8).kind, TRAP_CALL);
}

static void other_accesses_there_are_none(void)
{
    const uint64_t at = HVT_CALL_ADDRESS(2);

    CHECK_EQUAL(decode(CALL & ~STORE, at).kind, TRAP_ACCESS);
    for (uint64_t size = 0; size < 4; size++) {
        const struct trap trap = decode(DATA | DECODED | STORE | SIZE(size), at);
        CHECK_EQUAL(trap.kind, size == 2 ? TRAP_CALL : TRAP_ACCESS);
        CHECK_EQUAL(trap.size, 1u << size);
        CHECK_EQUAL(trap.address, at);
        CHECK(trap.is_write);
    }
    for (uint64_t off = 1; off < 8; off++)
        CHECK_EQUAL(decode(CALL, at + off).kind, TRAP_ACCESS);
    CHECK_EQUAL(decode(CALL, HVT_CALL_BASE + HVT_CALL_WINDOW).kind, TRAP_ACCESS);
    CHECK_EQUAL(decode(CALL, HVT_CALL_BASE - 8).kind, TRAP_ACCESS);
    CHECK_EQUAL(decode(CALL, MEMORY).kind, TRAP_ACCESS);
    CHECK(!decode(CALL, MEMORY).skips);
    CHECK_EQUAL(decode(DATA | STORE, at).kind, TRAP_OPAQUE);
}

static void what_its_own_memory_refuses_is_a_fault(void)
{
    CHECK_EQUAL(decode(CALL, MEMORY - 4).kind, TRAP_FAULT);
    CHECK_EQUAL(decode(DATA, 0x1000).kind, TRAP_FAULT);
    CHECK_EQUAL(decode(DATA, 0x1008).address, OWN | 8);
}

static void a_refusal_is_no_call_whatever_page_was_told_before(void)
{
    const struct trap trap = decode((CALL & ~NOWHERE) | REFUSED, HVT_CALL_ADDRESS(5));

    CHECK_EQUAL(trap.kind, TRAP_FAULT);
    CHECK_EQUAL(trap.address, OWN | 40);
    CHECK(!trap.skips);
}

static void tables_of_its_own_that_are_nowhere_make_no_call(void)
{
    CHECK_EQUAL(decode(CALL | WALK, HVT_CALL_ADDRESS(2)).kind, TRAP_FAULT);
}

static void the_rest_is_told_apart(void)
{
    CHECK_EQUAL(decode(UINT64_C(0x20) << 26, 0x40000000).kind, TRAP_FETCH);
    CHECK_EQUAL(decode(UINT64_C(0x01) << 26, 0).kind, TRAP_WAIT);
    CHECK(decode(UINT64_C(0x01) << 26, 0).skips);
    CHECK_EQUAL(decode(UINT64_C(0x16) << 26, 0).kind, TRAP_FIRMWARE);
    CHECK(!decode(UINT64_C(0x16) << 26, 0).skips); /* HVC: the core has gone on */
    CHECK_EQUAL(decode(UINT64_C(0x17) << 26, 0).kind, TRAP_FIRMWARE);
    CHECK(decode(UINT64_C(0x17) << 26, 0).skips);
    for (uint64_t class = 0; class < 64; class ++) {
        if (class != 0x24 && class != 0x20 && class != 0x01 && class != 0x16 && class != 0x17)
            CHECK_EQUAL(decode(class << 26, 0).kind, TRAP_REGISTER);
    }
}

int main(void)
{
    a_store_of_32_bits_to_the_window_is_a_call();
    other_accesses_there_are_none();
    what_its_own_memory_refuses_is_a_fault();
    a_refusal_is_no_call_whatever_page_was_told_before();
    tables_of_its_own_that_are_nowhere_make_no_call();
    the_rest_is_told_apart();
    return 0;
}
