/* SPDX-License-Identifier: MIT */
/* Guest memory as the tender's process holds it. */
#ifndef RPIKIT_TENDER_MEMORY_H
#define RPIKIT_TENDER_MEMORY_H

#include "dispatch/guest_memory.h"
#include "lib/elf.h"

/* Maps (size) bytes of zeros and (above) more behind them; ends the tender if there is no room. */
void memory_map(struct guest_memory *memory, uint64_t size, uint64_t above);

/* Lets nobody, neither guest nor tender, write to boot information and to segments that are not
 * writable. Translation tables stay writable: kernels before 6.2 take the walk of a table in
 * read-only memory for a write. */
void memory_protect(struct guest_memory *memory, const struct elf_plan *plan);

#endif
