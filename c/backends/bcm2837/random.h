/* SPDX-License-Identifier: MIT */
/* The chip's generator of random numbers. */
#ifndef RPIKIT_BACKENDS_BCM2837_RANDOM_H
#define RPIKIT_BACKENDS_BCM2837_RANDOM_H

#include <stdint.h>

/* Has it begin. Its first numbers are thrown away, which takes it a while. */
void random_prepare(void);

/* A random number; 0 if the generator gives none within a second, and from then on at once. In a
 * guest's turn the others have theirs meanwhile. */
uint64_t random_number(void);

/* Its registers: where they are on the chip, or where a test has some. */
extern volatile uint32_t *random_registers;

#endif
