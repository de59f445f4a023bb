/* SPDX-License-Identifier: MIT */
/* What marks a file as a guest: the ABI note for tenders, the interpreter for Linux. */
#ifndef RPIKIT_GUEST_ABI_NOTE_H
#define RPIKIT_GUEST_ABI_NOTE_H

#include "abi/manifest.h"

/* Once per platform. There is no such interpreter, so Linux does not run the file as a program of
 * its own. */
#define SOLO5_GUEST(abi_target, abi_version)                                                       \
    static const struct solo5_abi_note note                                                        \
        __attribute__((section(".note.solo5.abi"), aligned(4), used)) = {                          \
            .namesz = sizeof(SOLO5_NOTE_OWNER),                                                    \
            .descsz = sizeof(struct solo5_abi),                                                    \
            .type = SOLO5_NOTE_ABI,                                                                \
            .name = SOLO5_NOTE_OWNER,                                                              \
            .abi = {.target = (abi_target), .version = (abi_version)},                             \
    };                                                                                             \
    static const char interpreter[24] __attribute__((section(".interp"), used)) =                  \
        "/nonexistent/solo5/"

#endif
