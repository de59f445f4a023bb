/* SPDX-License-Identifier: MIT */
/* Storage of guests beside a Linux: none, since it has the SD card for itself. A guest that was
 * granted some does not begin. */
#include "backends/block.h"

bool backend_block_read(uint32_t handle, void *to, uint64_t size, uint64_t offset)
{
    (void)handle;
    (void)to;
    (void)size;
    (void)offset;
    return false;
}

bool backend_block_write(uint32_t handle, const void *from, uint64_t size, uint64_t offset)
{
    (void)handle;
    (void)from;
    (void)size;
    (void)offset;
    return false;
}
