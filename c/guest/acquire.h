/* SPDX-License-Identifier: MIT */
/* The guest's devices: each is acquired once, by name, and used by handle. */
#ifndef RPIKIT_GUEST_ACQUIRE_H
#define RPIKIT_GUEST_ACQUIRE_H

#include <stddef.h>

#include "abi/manifest.h"
#include "abi/solo5.h"

/* Tells which devices there are; called once, before the application runs. (manifest) stays. */
void acquire_start(const struct mft *manifest);

/* Takes the device of (type) that is called (name) and sets *(handle) to its index. NULL, and
 * *(handle) as it was, if there is none, it is not attached, or it was taken before. */
const struct mft_entry *acquire(const char *name, uint32_t type, solo5_handle_t *handle);

/* What acquired() looks at: the manifest, and bit n for the device at index n. */
extern const struct mft *acquire_manifest;
extern solo5_handle_set_t acquire_taken;

/* The device of (type) that was acquired as (handle), or NULL. */
static inline __attribute__((always_inline)) const struct mft_entry *
acquired(solo5_handle_t handle, uint32_t type)
{
    if (handle >= MFT_MAX_ENTRIES || !(acquire_taken >> handle & 1))
        return NULL;
    const struct mft_entry *entry = &acquire_manifest->e[handle];
    return entry->type == type ? entry : NULL;
}

#endif
