/* SPDX-License-Identifier: MIT */
/* What the loader finds out about its board, and how it leaves. */
#ifndef RPIKIT_LOADER_BOARD_H
#define RPIKIT_LOADER_BOARD_H

#include <stdint.h>

#include "loader/image.h"
#include "loader/protocol.h"

/* Turns the caches on, and has nothing written executed. */
void board_prepare(void);

/* What HELLO tells of this board, with (keys), but for nonce and errors. */
struct loader_hello_answer board_describe(const struct loader_keys *keys);

/* Puts (image) where the firmware would have put it, and enters it as the firmware would have, with
 * LOADER_MAGIC besides. The line has ended before. */
__attribute__((noreturn)) void board_enter(const struct image *image);

#endif
