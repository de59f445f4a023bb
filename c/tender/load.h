/* SPDX-License-Identifier: MIT */
/* The unikernel's file: checked as a whole, then copied into guest memory. */
#ifndef RPIKIT_TENDER_LOAD_H
#define RPIKIT_TENDER_LOAD_H

#include "dispatch/guest_memory.h"
#include "lib/elf.h"

struct image {
    const char *path;
    int fd;
    struct elf_plan plan;
    struct elf_notes notes;
};

/* Opens and checks (path) for a guest of (target), see elf_check_notes(), and (memory_size) bytes;
 * ends the tender if it is no good. */
void load_check(struct image *image, const char *path, uint32_t target, uint64_t memory_size);

/* Copies the segments and closes the file. */
void load_copy(struct image *image, const struct guest_memory *memory);

#endif
