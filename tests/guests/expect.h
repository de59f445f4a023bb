/* SPDX-License-Identifier: MIT */
/* Checks for guests: a failed one says where and what, and ends the guest. */
#ifndef RPIKIT_TESTS_EXPECT_H
#define RPIKIT_TESTS_EXPECT_H

#include <solo5.h>

#include "apps/say.h"

#define EXPECT(statement) expect_that((statement) != 0, #statement, __LINE__)

static inline void expect_that(bool holds, const char *statement, int line)
{
    if (holds)
        return;
    say("FAILURE: line %d: not so: %s\n", line, statement);
    solo5_exit(SOLO5_EXIT_FAILURE);
}

/* For guests that should be dead by now. */
static inline int expect_not_reached(const char *what)
{
    say("FAILURE: %s went unnoticed\n", what);
    return SOLO5_EXIT_FAILURE;
}

/* Hides (value) from the optimiser. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

#endif
