/* SPDX-License-Identifier: MIT */
/* A manifest with room for its entries. */
#ifndef RPIKIT_TESTS_MANIFEST_H
#define RPIKIT_TESTS_MANIFEST_H

#include <stddef.h>

#include "abi/manifest.h"

/* A struct that ends without a length of its own may not stand before other members. */
#define MANIFEST_OF(count)                                                                         \
    union {                                                                                        \
        struct mft head;                                                                           \
        struct {                                                                                   \
            uint32_t version, entries;                                                             \
            struct mft_entry e[count];                                                             \
        };                                                                                         \
    }

_Static_assert(sizeof(MANIFEST_OF(1)) == sizeof(struct mft) + sizeof(struct mft_entry),
               "laid out as in a file");

#endif
