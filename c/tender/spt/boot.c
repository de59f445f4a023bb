/* SPDX-License-Identifier: MIT */
/* What an spt guest finds in its memory. */
#include "abi/boot_info.h"
#include "abi/spt.h"
#include "lib/boot.h"
#include "lib/string.h"
#include "tender/report.h"
#include "tender/spt/guest.h"

_Static_assert(SPT_BOOT_INFO_AT + sizeof(struct spt_boot_info) + ELF_MANIFEST_MAX +
                       HVT_CMDLINE_SIZE <=
                   SPT_GUEST_MIN,
               "boot information fits below the program");

void guest_write_boot(const struct guest *guest, const struct guest_memory *memory,
                      const char *const *words, uint32_t count)
{
    const size_t manifest_size =
        sizeof(struct mft) + guest->manifest->entries * sizeof(struct mft_entry);
    const uint64_t manifest_at = SPT_BOOT_INFO_AT + sizeof(struct spt_boot_info);
    const struct spt_boot_info info = {
        .memory_size = guest->memory_size,
        .kernel_end = guest->plan->kernel_end,
        .cmdline = manifest_at + manifest_size,
        .manifest = manifest_at,
        .events = guest->events,
        .timer = guest->timer,
        .features = guest->has_parent ? SPT_HAS_CALLS : 0,
    };

    memcpy((void *)(memory->base + SPT_BOOT_INFO_AT), &info, sizeof(info));
    memcpy((void *)(memory->base + info.manifest), guest->manifest, manifest_size);
    if (!boot_join((char *)(memory->base + info.cmdline), words, count))
        fail("the guest's command line is longer than %d characters", HVT_CMDLINE_SIZE - 1);
}
