/* SPDX-License-Identifier: MIT */
/* What all fuzz targets share: the entry that libFuzzer and driver.c call, and checks. */
#ifndef RPIKIT_TESTS_FUZZ_H
#define RPIKIT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Runs the target once on (size) bytes; 0 always. What is wrong ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, saying where, unless (statement) holds. */
#define MUST(statement)                                                                            \
    do {                                                                                           \
        if (!(statement)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #statement);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

struct input {
    const uint8_t *at;
    size_t left; /* bytes */
};

/* Takes (size) bytes; what is missing is 0. */
static inline void take_bytes(struct input *input, void *to, size_t size)
{
    const size_t have = size < input->left ? size : input->left;

    memset(to, 0, size);
    if (have > 0)
        memcpy(to, input->at, have);
    input->at += have;
    input->left -= have;
}

#endif
