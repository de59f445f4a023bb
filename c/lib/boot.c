/* SPDX-License-Identifier: MIT */
/* Writes boot information, the manifest and the command line where the guest looks for them. */
#include "lib/boot.h"

#include "abi/net_ring.h"
#include "lib/string.h"

/* The area ends long before the program starts. */
_Static_assert(HVT_BOOT_INFO_AT + sizeof(struct hvt_boot_info) + sizeof(struct mft) +
                       MFT_MAX_ENTRIES * sizeof(struct mft_entry) + HVT_CMDLINE_SIZE <=
                   HVT_GUEST_MIN,
               "boot information fits below the program");

bool boot_join(char *to, const char *const *words, uint32_t count)
{
    size_t used = 0;

    for (uint32_t i = 0; i < count; i++) {
        const size_t size = strlen(words[i]);
        const size_t blank = i > 0;
        if (size + blank >= HVT_CMDLINE_SIZE - used)
            return false;
        if (blank)
            to[used++] = ' ';
        memcpy(to + used, words[i], size);
        used += size;
    }
    to[used] = '\0';
    return true;
}

bool boot_write(void *memory, const struct boot *boot)
{
    const size_t manifest_size =
        sizeof(struct mft) + boot->manifest->entries * sizeof(struct mft_entry);
    const uint64_t manifest_at = HVT_BOOT_INFO_AT + sizeof(struct hvt_boot_info);
    const struct hvt_boot_info info = {
        .memory_size = boot->memory_size,
        .kernel_end = boot->kernel_end,
        .counter_frequency = boot->counter_frequency,
        .features_offered = boot->ring != 0 ? HVT_FEATURE_NET_RING : 0,
        .ring = boot->ring,
        .manifest = manifest_at,
        .cmdline = manifest_at + manifest_size,
    };
    uint8_t *base = memory;

    memcpy(base + HVT_BOOT_INFO_AT, &info, sizeof(info));
    memcpy(base + info.manifest, boot->manifest, manifest_size);
    return boot_join((char *)base + info.cmdline, boot->words, boot->word_count);
}
