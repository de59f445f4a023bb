/* SPDX-License-Identifier: MIT */
/* The manifest as a C file of Solo5's elftool declares it: for builds without rpikit.toml. */
#ifndef RPIKIT_MFT_ABI_H
#define RPIKIT_MFT_ABI_H

#include "manifest.h"

/* The file says how many entries there are, the reserved first one included, before it includes
 * this header. */
#ifndef MFT_ENTRIES
#error "define MFT_ENTRIES: 1, and 1 for each device"
#endif

/* Solo5's names of the types. */
#define MFT_DEV_BLOCK_BASIC MFT_BLOCK_BASIC
#define MFT_DEV_NET_BASIC   MFT_NET_BASIC

struct mft1_note {
    uint32_t namesz, descsz, type;
    char owner[8];
    struct {
        uint32_t version, entries;
        struct mft_entry e[MFT_ENTRIES];
    } m;
};

_Static_assert(MFT_ENTRIES >= 1 && MFT_ENTRIES <= MFT_MAX_ENTRIES, "at most 63 devices");
_Static_assert(offsetof(struct mft1_note, m) == SOLO5_MANIFEST_NOTE_AT, "Solo5 manifest note");

/* Around the initialiser of `m`. */
#define MFT1_NOTE_DECLARE_BEGIN                                                                    \
    extern const struct mft1_note solo5_manifest_note;                                             \
    const struct mft1_note solo5_manifest_note                                                     \
        __attribute__((section(".note.solo5.manifest"), used)) = {                                 \
            .namesz = sizeof(SOLO5_NOTE_OWNER),                                                    \
            .descsz = sizeof(struct mft1_note) - SOLO5_NOTE_DESC_AT,                               \
            .type = SOLO5_NOTE_MANIFEST,                                                           \
            .owner = SOLO5_NOTE_OWNER,                                                             \
            .m =
#define MFT1_NOTE_DECLARE_END                                                                      \
    }                                                                                              \
    ;

#endif
