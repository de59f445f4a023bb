/* SPDX-License-Identifier: MIT */
/* Finds devices in a manifest that was checked. */
#include "lib/manifest.h"

#include "lib/string.h"

uint32_t manifest_find(const struct mft *manifest, const char *name, uint32_t type)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        if (manifest->e[i].type == type && strcmp(manifest->e[i].name, name) == 0)
            return i;
    }
    return 0;
}
