/* SPDX-License-Identifier: MIT */
/* lib/format: what it prints, where it stops, and that it cuts at the end of a buffer. */
#include "lib/format.h"

#include "check.h"

static char text[64];

#define PRINTS(want, ...)                                                                          \
    do {                                                                                           \
        CHECK_EQUAL(format_buffer(text, sizeof(text), __VA_ARGS__), strlen(want));                 \
        CHECK_TEXT(text, want);                                                                    \
    } while (0)

static void text_and_letters(void)
{
    PRINTS("plain", "plain");
    PRINTS("a b%", "%c %s%%", 'a', "b");
    PRINTS("", "%s", "");
    PRINTS("   ab|  c", "%5s|%3c", "ab", 'c');
    PRINTS("abcdef", "%3s", "abcdef");
}

static void null_is_a_text(void)
{
    const char *volatile nothing = NULL;

    PRINTS("(null)", "%s", nothing);
}

static void signed_numbers(void)
{
    PRINTS("0 -1 42", "%d %d %d", 0, -1, 42);
    PRINTS("-2147483648", "%d", INT32_MIN);
    PRINTS("-9223372036854775808", "%lld", (long long)INT64_MIN);
    PRINTS("-5000000000", "%ld", -5000000000L);
}

static void unsigned_numbers(void)
{
    PRINTS("4294967295", "%u", UINT32_MAX);
    PRINTS("18446744073709551615", "%llu", (unsigned long long)UINT64_MAX);
    PRINTS("18446744073709551615", "%zu", SIZE_MAX);
    PRINTS("deadbeef", "%x", 0xdeadbeefU);
    PRINTS("ffffffffffffffff", "%lx", UINT64_MAX);
    PRINTS("0x1000", "%p", (void *)0x1000);
}

static void width_and_zeros(void)
{
    PRINTS("   7", "%4d", 7);
    PRINTS("0007", "%04d", 7);
    PRINTS("  -7", "%4d", -7);
    PRINTS("-007", "%04d", -7);
    PRINTS("00000000000000ff", "%016lx", 0xffUL);
    PRINTS("12345", "%3u", 12345U);
    PRINTS("       100", "%10zu", (size_t)100);
}

/* Kept from the compiler, which knows better than to accept them. */
static void unknown_conversions_are_printed(void)
{
    const char *volatile odd = "a%qb", *volatile open = "a%", *volatile wide = "a%08l";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    PRINTS("a%qb", odd);
    PRINTS("a%", open);
    PRINTS("a%08l", wide);
#pragma GCC diagnostic pop
}

static void cut_at_the_end_of_the_buffer(void)
{
    char *small = malloc(4); /* its own, so that the sanitizer sees one byte too many */

    CHECK(small != NULL);
    CHECK_EQUAL(format_buffer(small, 4, "%d", 12345), 5);
    CHECK_TEXT(small, "123");
    CHECK_EQUAL(format_buffer(small, 4, "abc"), 3);
    CHECK_TEXT(small, "abc");
    CHECK_EQUAL(format_buffer(small, 1, "abc"), 3);
    CHECK_TEXT(small, "");
    CHECK_EQUAL(format_buffer(NULL, 0, "%s", "abc"), 3);
    free(small);
}

struct count {
    size_t pieces, size;
};

static void count_sink(void *self, const char *piece, size_t size)
{
    struct count *count = self;

    CHECK(piece != NULL && size <= FORMAT_PIECE);
    count->pieces++;
    count->size += size;
}

__attribute__((format(printf, 2, 3))) static void pour(struct count *count, const char *format, ...)
{
    va_list args;

    *count = (struct count){0};
    va_start(args, format);
    format_to(count_sink, count, format, args);
    va_end(args);
}

static void a_short_text_is_one_piece(void)
{
    struct count count;

    pour(&count, "%s %d %04x\n", "short", 1, 2U);
    CHECK_EQUAL(count.pieces, 1);
    pour(&count, "%s", "");
    CHECK_EQUAL(count.pieces, 0);
    pour(&count, "%1200d", 7);
    CHECK_EQUAL(count.pieces, 3);
    CHECK_EQUAL(count.size, 1200);
}

int main(void)
{
    text_and_letters();
    null_is_a_text();
    signed_numbers();
    unsigned_numbers();
    width_and_zeros();
    unknown_conversions_are_printed();
    cut_at_the_end_of_the_buffer();
    a_short_text_is_one_piece();
    return 0;
}
