/* SPDX-License-Identifier: MIT */
/* Bytes out of hexadecimal digits, in a block of their own size so that a sanitizer sees its end.
 */
#ifndef RPIKIT_TESTS_HEX_H
#define RPIKIT_TESTS_HEX_H

#include "check.h"

struct bytes {
    uint8_t *at; /* for free() */
    size_t size;
};

static inline uint8_t hex_digit(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static inline struct bytes hex(const char *digits)
{
    const size_t size = strlen(digits) / 2;
    struct bytes bytes = {malloc(size > 0 ? size : 1), size};

    CHECK(bytes.at != NULL);
    for (size_t i = 0; i < size; i++)
        bytes.at[i] = (uint8_t)(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
    return bytes;
}

#endif
