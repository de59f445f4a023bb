/* SPDX-License-Identifier: MIT */
/* Images, and what has to be right before one is started. */
#ifndef RPIKIT_LOADER_IMAGE_H
#define RPIKIT_LOADER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/protocol.h"

/* An image, and what somebody says about it. */
struct image {
    const uint8_t *at;
    uint64_t size;
    const uint8_t *sha256;
    const uint8_t *signature;
    size_t signature_size; /* 0: there is none */
};

/* Whether (image) is what was said, and one of (keys) stands for it, if there are any. */
enum loader_status image_check(const struct image *image, const struct loader_keys *keys);

/* Takes what lies behind the loader's file, at (found), into (stored), and marks it as taken: it is
 * found again only if the firmware has put it there again. Returns whether there was one. */
bool image_take_stored(struct loader_stored *stored, struct loader_stored *found);

/* The image that lies behind (found). */
struct image image_stored(const struct loader_stored *stored, const struct loader_stored *found);

#endif
