/* SPDX-License-Identifier: MIT */
/* The guest as it is about to start: what is where, and what it may ask of Linux. */
#ifndef RPIKIT_TENDER_SPT_GUEST_H
#define RPIKIT_TENDER_SPT_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/manifest.h"
#include "backends/linux/filter.h"
#include "dispatch/guest_memory.h"
#include "lib/elf.h"

struct guest {
    const struct elf_plan *plan;
    const struct mft *manifest; /* attached */
    uint64_t memory_size;       /* bytes */
    int events, timer;          /* descriptors: abi/spt.h */
    bool has_parent;            /* which serves SPT_CALL */
};

/* Whether memory that is no segment of the file, or has no byte there, may be executed as well as
 * written: false unless the operator says so. */
extern bool guest_heap_executes;

/* Opens the descriptors that a guest sleeps with, and watches its network devices with them. Ends
 * the tender if it cannot. */
void guest_open_events(struct guest *guest);

/* Writes boot information, the manifest, and (count) words as command line into (memory). Ends the
 * tender if they do not fit. */
void guest_write_boot(const struct guest *guest, const struct guest_memory *memory,
                      const char *const *words, uint32_t count);

/* Puts into (filter) what (guest) may ask of Linux: Solo5's system calls with the arguments it
 * checks, and calls of ours if it has a parent. Ends the tender if there are too many devices. */
struct filter_program guest_filter(const struct guest *guest, struct filter *filter);

/* Makes this process the guest. Its memory is mapped, as yet all of it writable. The pages become
 * as the ELF file says; capabilities, limits and system calls go; and everything else that is
 * mapped, the tender itself included, but for one page of last steps. Ends with status 1 if any of
 * that fails. */
void guest_become(const struct guest *guest) __attribute__((noreturn));

#endif
