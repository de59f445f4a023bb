/* SPDX-License-Identifier: MIT */
/* What marks the file as an spt guest: the ABI note for tenders, the interpreter for Linux. */
#include "abi/manifest.h"
#include "abi/spt.h"

static const struct solo5_abi_note note
    __attribute__((section(".note.solo5.abi"), aligned(4), used)) = {
        .namesz = sizeof(SOLO5_NOTE_OWNER),
        .descsz = sizeof(struct solo5_abi),
        .type = SOLO5_NOTE_ABI,
        .name = SOLO5_NOTE_OWNER,
        .abi = {.target = SPT_ABI_TARGET, .version = SPT_ABI_VERSION},
};

/* There is no such interpreter, so Linux does not run the file as a program of its own. */
static const char interpreter[24] __attribute__((section(".interp"), used)) = "/nonexistent/solo5/";
