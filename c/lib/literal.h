/* SPDX-License-Identifier: MIT */
/* Text that a file wants executed and not read, and what may be read of it all the same. */
#ifndef RPIKIT_LIB_LITERAL_H
#define RPIKIT_LIB_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

/* LDR and LDRSW (literal), all sizes and SIMD: Arm ARM C4.1.88. */
#define LITERAL_MASK UINT32_C(0x3b000000)
#define LITERAL_LOAD UINT32_C(0x18000000)

/* Compilers of older guests put constants behind their functions and load them relative to the
 * PC: lawful, and too frequent to be served one by one. */
static inline bool literal_is_load(uint32_t code)
{
    return (code & LITERAL_MASK) == LITERAL_LOAD;
}

#endif
