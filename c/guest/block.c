/* SPDX-License-Identifier: MIT */
/* Storage, one block at a time. */
#include <stdbool.h>

#include "guest/acquire.h"
#include "guest_block.h"

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info)
{
    const struct mft_entry *entry = acquire(name, MFT_BLOCK_BASIC, handle);

    if (!entry)
        return SOLO5_R_EINVAL;
    info->capacity = entry->u.block.capacity;
    info->block_size = entry->u.block.block_size;
    return SOLO5_R_OK;
}

static inline __attribute__((always_inline)) bool is_one_block(solo5_handle_t handle, solo5_off_t offset, size_t size)
{
    const struct mft_entry *entry = acquired(handle, MFT_BLOCK_BASIC);

    /* Tenders attach blocks of a power of 2 only, and at least one. */
    return entry && size == entry->u.block.block_size && (offset & (size - 1)) == 0 &&
           offset <= entry->u.block.capacity - size;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf,
                                 size_t size)
{
    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    return guest_block_write(handle, offset, buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf,
                                size_t size)
{
    uint64_t len = size;

    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    const solo5_result_t result = guest_block_read(handle, offset, buf, &len);
    return result == SOLO5_R_OK && len != size ? SOLO5_R_EUNSPEC : result;
}
