/* SPDX-License-Identifier: MIT */
/* Blocks compressed by LZ4 (lz4_Block_format.md of its project), from whoever sent them. */
#ifndef RPIKIT_LOADER_LZ4_H
#define RPIKIT_LOADER_LZ4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills (to), of (room) bytes, with what the (size) bytes of (from) are, and says whether they are
 * that many. Otherwise what (to) has is undefined; nothing else was touched. */
bool lz4_decode(uint8_t *to, size_t room, const uint8_t *from, size_t size);

#endif
