/* SPDX-License-Identifier: MIT */
/* Uses two blocks of thread-local storage, one after the other. */
#include "../expect.h"
#include "lib/string.h"

#define BLOCK 4096 /* bytes; more than the few variables below need */

static _Thread_local volatile uint32_t given = 0x12345678;
static _Thread_local volatile uint64_t zero;
static _Thread_local volatile char letter = 'x';

static char __attribute__((aligned(16))) blocks[2][BLOCK];

static void __attribute__((noinline)) check(uint32_t want_given, uint64_t want_zero, char want)
{
    EXPECT(given == want_given);
    EXPECT(zero == want_zero);
    EXPECT(letter == want);
}

static void __attribute__((noinline)) change(uint32_t to_given, uint64_t to_zero, char to)
{
    given = to_given;
    zero = to_zero;
    letter = to;
}

static uintptr_t prepare(char *block)
{
    uintptr_t first;

    memset(block, 0, solo5_tls_size());
    EXPECT(solo5_tls_init((uintptr_t)block) == SOLO5_R_OK);
    memcpy(&first, block, sizeof(first));
    EXPECT(first == (uintptr_t)block);
    return solo5_tls_tp_offset((uintptr_t)block);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    EXPECT(solo5_tls_init(0) == SOLO5_R_EINVAL);
    EXPECT(solo5_tls_size() > 16 && solo5_tls_size() <= BLOCK);

    const uintptr_t first = prepare(blocks[0]), second = prepare(blocks[1]);
    EXPECT(solo5_set_tls_base(first) == SOLO5_R_OK);
    check(0x12345678, 0, 'x');
    change(1, 2, 'a');
    EXPECT(solo5_set_tls_base(second) == SOLO5_R_OK);
    check(0x12345678, 0, 'x');
    change(3, 4, 'b');
    EXPECT(solo5_set_tls_base(first) == SOLO5_R_OK);
    check(1, 2, 'a');
    EXPECT(solo5_set_tls_base(second) == SOLO5_R_OK);
    check(3, 4, 'b');
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
