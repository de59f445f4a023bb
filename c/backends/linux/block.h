/* SPDX-License-Identifier: MIT */
/* Storage under Linux: a file or a block device for each handle. */
#ifndef RPIKIT_BACKENDS_LINUX_BLOCK_H
#define RPIKIT_BACKENDS_LINUX_BLOCK_H

#include <stdint.h>

#include "backends/linux/failures.h"

/* Opens (path) for reading and writing as (handle), below 64, and sets *(size) to its bytes. Before
 * the sandbox. Returns 0 or an error. */
long block_open(uint32_t handle, const char *path, uint64_t *size);

/* Its descriptor. */
int block_fd(uint32_t handle);

/* The transfers that failed: how many, and the error of the last; 0 if its storage ended early. */
extern struct failures block_failures;

#endif
