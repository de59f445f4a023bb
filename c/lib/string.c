/* SPDX-License-Identifier: MIT */
/* The few memory and string functions that freestanding code, and its compiler, count on. */
#include "lib/string.h"

#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word;

#define WORD sizeof(word)

/* Hides (value) from the optimiser, which would turn the loops below into calls of themselves. */
#define OPAQUE(value) __asm__("" : "+r"(value))

static size_t misaligned(const void *at)
{
    return (uintptr_t)at & (WORD - 1);
}

static void copy_up(unsigned char *to, const unsigned char *from, size_t size)
{
    if (misaligned(to) == misaligned(from)) {
        for (; size > 0 && misaligned(to) != 0; size--) {
            *to++ = *from++;
            OPAQUE(to);
        }
        for (; size >= WORD; size -= WORD, to += WORD, from += WORD) {
            *(word *)to = *(const word *)from;
            OPAQUE(to);
        }
    }
    for (; size > 0; size--) {
        *to++ = *from++;
        OPAQUE(to);
    }
}

static void copy_down(unsigned char *to, const unsigned char *from, size_t size)
{
    if (misaligned(to) == misaligned(from)) {
        for (; size > 0 && misaligned(to + size) != 0; size--) {
            to[size - 1] = from[size - 1];
            OPAQUE(to);
        }
        for (; size >= WORD; size -= WORD) {
            *(word *)(to + size - WORD) = *(const word *)(from + size - WORD);
            OPAQUE(to);
        }
    }
    for (; size > 0; size--) {
        to[size - 1] = from[size - 1];
        OPAQUE(to);
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    copy_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        copy_up(to, from, size);
    else
        copy_down(to, from, size);
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *at = to;
    const unsigned char byte = (unsigned char)value;
    const word pattern = byte * UINT64_C(0x0101010101010101);

    for (; size > 0 && misaligned(at) != 0; size--) {
        *at++ = byte;
        OPAQUE(at);
    }
    for (; size >= WORD; size -= WORD, at += WORD) {
        *(word *)at = pattern;
        OPAQUE(at);
    }
    for (; size > 0; size--) {
        *at++ = byte;
        OPAQUE(at);
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;

    for (; size > 0; size--, x++, y++) {
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end != '\0') {
        end++;
        OPAQUE(end);
    }
    return (size_t)(end - text);
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        const unsigned char x = (unsigned char)*a, y = (unsigned char)*b;
        if (x != y)
            return x - y;
        if (x == '\0')
            return 0;
    }
    return 0;
}
