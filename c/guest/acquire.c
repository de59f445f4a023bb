/* SPDX-License-Identifier: MIT */
/* The guest's devices: each is acquired once, by name, and used by handle. */
#include "guest/acquire.h"

#include "lib/manifest.h"

const struct mft *acquire_manifest;
solo5_handle_set_t acquire_taken;

void acquire_start(const struct mft *of)
{
    acquire_manifest = of;
    acquire_taken = 0; /* the loop platform starts several guests in one process */
}

const struct mft_entry *acquire(const char *name, uint32_t type, solo5_handle_t *handle)
{
    const struct mft *manifest = acquire_manifest;
    const uint32_t found = manifest ? manifest_find(manifest, name, type) : 0;
    const solo5_handle_set_t bit = UINT64_C(1) << found;
    const struct mft_entry *entry = manifest_attached(manifest, found, type);

    if (!entry || acquire_taken & bit)
        return NULL;
    acquire_taken |= bit;
    *handle = found;
    return entry;
}
