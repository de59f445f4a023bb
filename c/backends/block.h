/* SPDX-License-Identifier: MIT */
/* Storage, by the handle of the device; the device has checked handle and bounds. */
#ifndef RPIKIT_BACKENDS_BLOCK_H
#define RPIKIT_BACKENDS_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Moves all (size) bytes from or to (offset), or returns false. */
bool backend_block_read(uint32_t handle, void *to, uint64_t size, uint64_t offset);
bool backend_block_write(uint32_t handle, const void *from, uint64_t size, uint64_t offset);

#endif
