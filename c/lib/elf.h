/* SPDX-License-Identifier: MIT */
/* Reads a Solo5 ELF file out of bytes: every check first, then a plan of what goes where. */
#ifndef RPIKIT_LIB_ELF_H
#define RPIKIT_LIB_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/manifest.h"

#define ELF_HEADER_SIZE  64 /* bytes at the start of the file */
#define ELF_ENTRY_SIZE   56 /* bytes of one program header */
#define ELF_ENTRIES_MAX  64 /* program headers of any kind */
#define ELF_SEGMENTS_MAX 32
#define ELF_NOTES_MAX    8
#define ELF_TABLE_MAX    (ELF_ENTRIES_MAX * ELF_ENTRY_SIZE)
#define ELF_MANIFEST_MAX (sizeof(struct mft) + MFT_MAX_ENTRIES * sizeof(struct mft_entry))
#define ELF_NOTE_MAX     (SOLO5_MANIFEST_NOTE_AT + ELF_MANIFEST_MAX) /* bytes worth reading */

#define ELF_PAGE         4096 /* bytes; what segments are rounded to */

enum elf_flag {
    ELF_X = 1 << 0,
    ELF_W = 1 << 1,
    ELF_R = 1 << 2,
};

/* Bytes of the file. */
struct elf_part {
    uint64_t offset, size;
};

/* What the guest will find at [start, end), whole pages: the bytes (file) at (at), else zeros. */
struct elf_segment {
    uint64_t start, end;
    uint64_t at;
    struct elf_part file;
    uint32_t flags; /* enum elf_flag, never W and X together */
};

struct elf_plan {
    uint64_t entry;
    uint64_t kernel_end; /* end of the last segment */
    uint32_t segments;
    uint32_t notes;
    struct elf_segment segment[ELF_SEGMENTS_MAX]; /* ascending, without overlap */
    struct elf_part note[ELF_NOTES_MAX]; /* as far as they lie within the file */
    struct elf_part table; /* the program headers; at most ELF_TABLE_MAX bytes */
};

/* What the notes say, copied; the manifest is valid after elf_check_notes(). */
struct elf_notes {
    uint32_t abi_size, manifest_size; /* bytes, 0 if there was none */
    struct solo5_abi abi;
    union {
        struct mft manifest;
        uint8_t bytes[ELF_MANIFEST_MAX];
        uint64_t align;
    } u;
};

/* Each returns NULL, or in a few words what is wrong with the file. In this order: */

/* Reads the ELF_HEADER_SIZE bytes at (header) and tells where the program headers are. */
const char *elf_read_header(struct elf_plan *plan, const void *header, uint64_t file_size);

/* Finds the PT_NOTEs among plan->table.size bytes of program headers. What they say is checked before
 * the segments are, as Solo5 does it: a file for somebody else is told so. */
const char *elf_find_notes(struct elf_plan *plan, const void *table, uint64_t file_size);

/* Reads the first note of one PT_NOTE of (size) bytes, of which (have) are at (note): all, or the
 * first ELF_NOTE_MAX. Notes that are not Solo5's are passed over. */
const char *elf_read_note(struct elf_notes *notes, const void *note, size_t have, uint64_t size);

/* Checks that the manifest holds together: its version, its size, its names. */
const char *elf_check_manifest(const struct elf_notes *notes);

/* Checks that the file is for (target), HVT_ABI_TARGET or SPT_ABI_TARGET, and that its manifest
 * holds together. */
const char *elf_check_notes(const struct elf_notes *notes, uint32_t target);

/* Reads plan->table.size bytes of program headers for a guest of (memory_size) bytes. */
const char *elf_read_table(struct elf_plan *plan, const void *table, uint64_t file_size,
                           uint64_t memory_size);

/* Tells what of a guest's memory it may not write, from its boot information on, in the order of
 * addresses: [*start, *end), again and again from *(next) 0 on until it returns false. */
bool elf_readonly(const struct elf_plan *plan, uint32_t *next, uint64_t *start, uint64_t *end);

/* All five on a whole file in memory, which is for hvt. */
const char *elf_read(struct elf_plan *plan, struct elf_notes *notes, const void *file, size_t size,
                     uint64_t memory_size);

#endif
