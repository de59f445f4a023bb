/* SPDX-License-Identifier: MIT */
/* Storage within its bounds. Whole blocks are the guest's own rule, as in Solo5. */
#include "host_block.h"

#include "backends/block.h"
#include "lib/manifest.h"

static bool is_inside(const struct host *host, solo5_handle_t handle, uint64_t offset, uint64_t len)
{
    const struct mft_entry *entry = manifest_attached(host->manifest, handle, MFT_BLOCK_BASIC);

    return entry && offset < entry->u.block.capacity && len <= entry->u.block.capacity - offset;
}

solo5_result_t block_write(struct host *host, solo5_handle_t handle, uint64_t offset,
                           const uint8_t *data, uint64_t len)
{
    if (!is_inside(host, handle, offset, len))
        return SOLO5_R_EINVAL;
    return backend_block_write((uint32_t)handle, data, len, offset) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t block_read(struct host *host, solo5_handle_t handle, uint64_t offset, uint8_t *data,
                          uint64_t *len)
{
    if (!is_inside(host, handle, offset, *len))
        return SOLO5_R_EINVAL;
    return backend_block_read((uint32_t)handle, data, *len, offset) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}
