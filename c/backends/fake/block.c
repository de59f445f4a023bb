/* SPDX-License-Identifier: MIT */
/* Disks made of memory. */
#include "backends/block.h"

#include "backends/fake/fake.h"
#include "lib/string.h"

struct fake_disk fake_disks[FAKE_DEVICES];

/* Where (size) bytes at (offset) lie, or NULL. */
static uint8_t *find(uint32_t handle, uint64_t size, uint64_t offset)
{
    struct fake_disk *disk = &fake_disks[handle % FAKE_DEVICES];

    if (handle >= FAKE_DEVICES || offset > disk->size || size > disk->size - offset)
        return NULL;
    if (disk->failing > 0) {
        disk->failing--;
        return NULL;
    }
    return disk->bytes + offset;
}

bool backend_block_read(uint32_t handle, void *to, uint64_t size, uint64_t offset)
{
    const uint8_t *from = find(handle, size, offset);

    if (!from)
        return false;
    memcpy(to, from, (size_t)size);
    return true;
}

bool backend_block_write(uint32_t handle, const void *from, uint64_t size, uint64_t offset)
{
    uint8_t *to = find(handle, size, offset);

    if (!to)
        return false;
    memcpy(to, from, (size_t)size);
    return true;
}
