/* SPDX-License-Identifier: MIT */
/* Blocks of LZ4, by its own library and by somebody who means harm. */
#include "loader/lz4.h"

#include "hex.h"

#define BLOCK 4096

/* By the Python package lz4: a block of zeros, and one of (i % 23) + (i >> 8). */
#define OF_ZEROS "1f000100fffffffffffffffffffffffffffffff6500000000000"
#define OF_PATTERN                                                                                 \
    "ff08000102030405060708090a0b0c0d0e0f101112131415161700d60f1600001e172d000f1700c7"             \
    "0c16001e182d000f1700ca0916001e192d000f1700cd0616001e1a2d000f1700d00316001e1b2d00"             \
    "0f1700d30016001e1c2d000f1700d62f1c1d2d00030f1700d50f1600022f1e081700d60e16001e1f"             \
    "2d000f1700c80b16001e202d000f1700cb0816001e212d000f1700ce0516001e222d000f1700d102"             \
    "16001e232d000f1700d44f212223242d00000f1700d61f252d00030f1700d1502324250f10"

static uint8_t *made; /* the last one, in a block of its own */

static bool decode(const char *digits, size_t room)
{
    const struct bytes from = hex(digits);

    free(made);
    made = malloc(room > 0 ? room : 1);
    CHECK(made != NULL);
    memset(made, 0xaa, room);
    const bool fits = lz4_decode(made, room, from.at, from.size);
    free(from.at);
    return fits;
}

static void what_its_library_makes(void)
{
    CHECK(decode(OF_ZEROS, BLOCK));
    for (size_t i = 0; i < BLOCK; i++)
        CHECK_EQUAL(made[i], 0);
    CHECK(decode(OF_PATTERN, BLOCK));
    for (size_t i = 0; i < BLOCK; i++)
        CHECK_EQUAL(made[i], (uint8_t)(i % 23 + (i >> 8)));
}

static void literals_and_matches_by_hand(void)
{
    CHECK(decode("00", 0));
    CHECK(decode("30616263", 3));
    CHECK(memcmp(made, "abc", 3) == 0);
    CHECK(decode("3261626303001078", 10)); /* abc, six bytes from three back, x */
    CHECK(memcmp(made, "abcabcabcx", 10) == 0);
    CHECK(decode("10610100", 1) == false); /* a match, and no last literals */
    CHECK(decode("f000616263646566676869"
                 "6a6b6c6d6e6f",
                 15));
    CHECK(memcmp(made, "abcdefghijklmno", 15) == 0);
}

static void the_size_is_exactly_what_was_said(void)
{
    CHECK(!decode("30616263", 2));
    CHECK(!decode("30616263", 4));
    CHECK(!decode("3261626303001078", 9));
    CHECK(!decode("3261626303001078", 11));
    CHECK(!decode("3261626303001078", 3));
    CHECK(!decode(OF_ZEROS, BLOCK - 1));
    CHECK(!decode(OF_ZEROS, BLOCK + 1));
    CHECK(!decode("", 0));
    CHECK(!decode("", 1));
}

static void nothing_outside_is_read_or_written(void)
{
    CHECK(!decode("306162", 3));      /* fewer literals */
    CHECK(!decode("f0", 100));        /* a length that does not go on */
    CHECK(!decode("f0ffffff", 4096)); /* nor here */
    CHECK(!decode("32616263", 9));    /* ends before the match ... */
    CHECK(decode("30616263", 3));
    CHECK(!decode("3261626303", 9));        /* ... or within */
    CHECK(!decode("3261626300001078", 10)); /* from itself */
    CHECK(!decode("3261626304001078", 10)); /* from before the block */
    CHECK(!decode("32616263ffff1078", 10));
    CHECK(!decode("3f616263030010ffffffff", 4096));
    CHECK(!decode("1f610100ffffffffffffffffffffffffffffffffffffffff", 4096));
}

static void cut_and_changed_everywhere(void)
{
    const struct bytes whole = hex(OF_PATTERN);
    uint8_t *const to = malloc(BLOCK);

    CHECK(to != NULL);
    for (size_t i = 0; i < whole.size; i++) {
        struct bytes part = {malloc(i > 0 ? i : 1), i};
        CHECK(part.at != NULL);
        memcpy(part.at, whole.at, i);
        CHECK(!lz4_decode(to, BLOCK, part.at, part.size));
        free(part.at);
        for (int bit = 0; bit < 8; bit++) {
            whole.at[i] ^= (uint8_t)(1 << bit);
            lz4_decode(to, BLOCK, whole.at, whole.size); /* whatever it is, within its bounds */
            whole.at[i] ^= (uint8_t)(1 << bit);
        }
    }
    free(to);
    free(whole.at);
}

int main(void)
{
    what_its_library_makes();
    literals_and_matches_by_hand();
    the_size_is_exactly_what_was_said();
    nothing_outside_is_read_or_written();
    cut_and_changed_everywhere();
    free(made);
    return 0;
}
