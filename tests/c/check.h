/* SPDX-License-Identifier: MIT */
/* Checks for the tests written in C: a failed one says where and what, and ends the program. */
#ifndef RPIKIT_TESTS_CHECK_H
#define RPIKIT_TESTS_CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(statement) check_that((statement) != 0, #statement, __FILE__, __LINE__)
#define CHECK_EQUAL(is, want)                                                                      \
    check_equal((uint64_t)(is), (uint64_t)(want), #is, #want, __FILE__, __LINE__)
#define CHECK_TEXT(is, want) check_text((is), (want), #is, __FILE__, __LINE__)

static inline void check_that(int holds, const char *statement, const char *file, int line)
{
    if (holds)
        return;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, statement);
    exit(1);
}

static inline void check_equal(uint64_t is, uint64_t want, const char *is_text,
                               const char *want_text, const char *file, int line)
{
    if (is == want)
        return;
    fprintf(stderr,
            "%s:%d: %s is %" PRIu64 " (0x%" PRIx64 "), not %s = %" PRIu64 " (0x%" PRIx64 ")\n",
            file, line, is_text, is, is, want_text, want, want);
    exit(1);
}

static inline void check_text(const char *is, const char *want, const char *is_text,
                              const char *file, int line)
{
    if (strcmp(is, want) == 0)
        return;
    fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, is_text, is, want);
    exit(1);
}

#endif
