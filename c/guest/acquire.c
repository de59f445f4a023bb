/* SPDX-License-Identifier: MIT */
/* The guest's devices: each is acquired once, by name, and used by handle. */
#include "guest/acquire.h"

#include <stddef.h>

#include "lib/manifest.h"

static const struct mft *manifest;
static solo5_handle_set_t taken;

void acquire_start(const struct mft *of)
{
    manifest = of;
    taken = 0; /* the loop platform starts several guests in one process */
}

const struct mft_entry *acquire(const char *name, uint32_t type, solo5_handle_t *handle)
{
    const uint32_t found = manifest ? manifest_find(manifest, name, type) : 0;
    const solo5_handle_set_t bit = UINT64_C(1) << found;
    const struct mft_entry *entry = manifest_attached(manifest, found, type);

    if (!entry || taken & bit)
        return NULL;
    taken |= bit;
    *handle = found;
    return entry;
}

const struct mft_entry *acquired(solo5_handle_t handle, uint32_t type)
{
    if (handle >= MFT_MAX_ENTRIES || !(taken >> handle & 1))
        return NULL;
    return manifest_attached(manifest, handle, type);
}
