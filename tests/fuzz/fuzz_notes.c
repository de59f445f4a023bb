/* SPDX-License-Identifier: MIT */
/* Two notes, whole or cut off, and the manifest they may hold. The input: the size the first note
 * is said to have (4 bytes), how much of the rest is the first note (2 bytes), the notes. */
#include "fuzz.h"

#include "abi/boot_info.h"
#include "abi/spt.h"
#include "lib/elf.h"
#include "lib/manifest.h"

static struct elf_notes notes;

/* From a block that ends where the note ends. */
static const char *read_note(struct input *input, size_t have, uint64_t size)
{
    have = have < input->left ? have : input->left;
    uint8_t *note = malloc(have ? have : 1);
    MUST(note);
    take_bytes(input, note, have);
    const char *wrong = elf_read_note(&notes, note, have, size > have ? size : have);
    free(note);
    return wrong;
}

static void check_manifest(void)
{
    const struct mft *manifest = &notes.u.manifest;

    MUST(manifest->version == MFT_VERSION);
    MUST(manifest->entries >= 1 && manifest->entries <= MFT_MAX_ENTRIES);
    for (uint32_t i = 0; i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        MUST(memchr(entry->name, 0, sizeof(entry->name)));
        MUST(!manifest_attached(manifest, i, entry->type));
        const uint32_t found = manifest_find(manifest, entry->name, entry->type);
        MUST(i == 0 || (found > 0 && found <= i));
    }
    MUST(!manifest_attached(manifest, manifest->entries, MFT_LINE));
    MUST(!manifest_attached(manifest, UINT64_MAX, MFT_LINE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint32_t said;
    uint16_t first;

    take_bytes(&input, &said, sizeof(said));
    take_bytes(&input, &first, sizeof(first));
    notes.abi_size = notes.manifest_size = 0;
    if (read_note(&input, first, said) || read_note(&input, input.left, input.left))
        return 0;
    MUST(notes.manifest_size <= sizeof(notes.u) && notes.abi_size <= sizeof(notes.abi));
    const char *hvt = elf_check_notes(&notes, HVT_ABI_TARGET);
    const char *spt = elf_check_notes(&notes, SPT_ABI_TARGET);
    MUST(hvt || spt);
    if (!elf_check_manifest(&notes))
        check_manifest();
    else
        MUST(hvt && spt);
    return 0;
}
