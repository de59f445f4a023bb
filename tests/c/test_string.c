/* SPDX-License-Identifier: MIT */
/* lib/string: every size and alignment near a word, against the host's own functions. */
#include "check.h"

/* The functions under names of their own: the sanitizers need the host's under the usual ones. */
#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define strlen  our_strlen
#define strcmp  our_strcmp
#define strncmp our_strncmp
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp

#define SPAN 64 /* bytes: more than three words with any alignment */

static unsigned char is[SPAN], want[SPAN];

static void fill(void)
{
    for (unsigned int i = 0; i < SPAN; i++)
        is[i] = want[i] = (unsigned char)(i * 7 + 1);
}

static void check_same(void)
{
    for (unsigned int i = 0; i < SPAN; i++)
        CHECK_EQUAL(is[i], want[i]);
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void copies_any_size_from_anywhere(void)
{
    unsigned char from[SPAN];

    for (unsigned int i = 0; i < SPAN; i++)
        from[i] = (unsigned char)(200 - i);
    for (size_t to = 0; to < 9; to++) {
        for (size_t at = 0; at < 9; at++) {
            for (size_t size = 0; size < 40; size++) {
                fill();
                CHECK(our_memcpy(is + to, from + at, size) == is + to);
                memcpy(want + to, from + at, size);
                check_same();
            }
        }
    }
}

static void moves_over_itself(void)
{
    for (size_t to = 0; to < 20; to++) {
        for (size_t at = 0; at < 20; at++) {
            for (size_t size = 0; size < 40; size++) {
                fill();
                CHECK(our_memmove(is + to, is + at, size) == is + to);
                memmove(want + to, want + at, size);
                check_same();
            }
        }
    }
}

static void sets_any_size_anywhere(void)
{
    for (size_t to = 0; to < 9; to++) {
        for (size_t size = 0; size < 40; size++) {
            fill();
            CHECK(our_memset(is + to, 0x1a5, size) == is + to);
            memset(want + to, 0x1a5, size);
            check_same();
        }
    }
}

static void compares_bytes_as_unsigned(void)
{
    CHECK_EQUAL(our_memcmp("abc", "abd", 2), 0);
    CHECK(our_memcmp("abc", "abd", 3) < 0);
    CHECK(our_memcmp("\xff", "\x01", 1) > 0);
    CHECK_EQUAL(our_memcmp("a", "b", 0), 0);
}

static void measures_text(void)
{
    CHECK_EQUAL(our_strlen(""), 0);
    CHECK_EQUAL(our_strlen("a"), 1);
    CHECK_EQUAL(our_strlen("twelve bytes"), 12);
}

static void compares_text(void)
{
    static const char *const words[] = {"", "a", "ab", "abc", "b", "\xff"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            CHECK(sign(our_strcmp(words[i], words[j])) == sign(strcmp(words[i], words[j])));
            for (size_t size = 0; size < 5; size++) {
                CHECK(sign(our_strncmp(words[i], words[j], size)) ==
                      sign(strncmp(words[i], words[j], size)));
            }
        }
    }
}

int main(void)
{
    copies_any_size_from_anywhere();
    moves_over_itself();
    sets_any_size_anywhere();
    compares_bytes_as_unsigned();
    measures_text();
    compares_text();
    return 0;
}
