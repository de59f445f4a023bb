/* SPDX-License-Identifier: MIT */
/* Finds devices in a manifest that was checked. */
#ifndef RPIKIT_LIB_MANIFEST_H
#define RPIKIT_LIB_MANIFEST_H

#include <stddef.h>

#include "abi/manifest.h"

/* The attached device of (type) at index (handle), or NULL. (manifest) may be NULL: it then has no
 * devices. */
static inline const struct mft_entry *manifest_attached(const struct mft *manifest, uint64_t handle,
                                                        uint32_t type)
{
    if (!manifest || handle >= manifest->entries)
        return NULL;
    const struct mft_entry *entry = &manifest->e[handle];
    return entry->type == type && entry->attached ? entry : NULL;
}

/* The index of the device of (type) that is called (name), or 0: attached or not. */
uint32_t manifest_find(const struct mft *manifest, const char *name, uint32_t type);

#endif
