/* SPDX-License-Identifier: MIT */
/* What a guest of the loop platform, which lives inside its host's process, gets from its host. */
#ifndef RPIKIT_ABI_LOOP_H
#define RPIKIT_ABI_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "abi/manifest.h"

struct loop_boot {
    /* A call is a call. It does not return once the guest has halted. */
    void (*hypercall)(uint32_t number, const volatile void *args);
    uint64_t (*clock)(void); /* nanoseconds; never goes back */
    uintptr_t heap;
    size_t heap_size; /* bytes */
    const char *cmdline;
    const struct mft *manifest; /* devices attached */
};

/* A guest's entry; it ends by the call that halts it. */
typedef void loop_entry(const struct loop_boot *boot);

/* The entry by name: the one symbol a guest shows. */
loop_entry loop_start __attribute__((visibility("default")));

#define LOOP_START "loop_start"

#endif
