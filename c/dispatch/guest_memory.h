/* SPDX-License-Identifier: MIT */
/* The one door from a guest address to a host pointer. */
#ifndef RPIKIT_GUEST_MEMORY_H
#define RPIKIT_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address as the guest means it; a type of its own, so that it is never dereferenced. */
struct guest_addr {
    uint64_t at;
};

/* Part of guest memory the guest may not write: its text, its constants. */
struct guest_range {
    uint64_t start, end; /* guest addresses, end exclusive */
};

#define GUEST_READONLY_MAX 32

struct guest_memory {
    uintptr_t base; /* host address of guest address 0 */
    uint64_t size;  /* bytes */
    uint64_t above; /* bytes behind them that the guest sees too, and must not name in calls */
    uint64_t bus;   /* what devices call its first byte; calls name it 0 */
    uint64_t writable_from; /* from here to the end everything may be written */
    uint32_t readonly_count;
    struct guest_range readonly[GUEST_READONLY_MAX]; /* below writable_from */
};

/* Adds [start, end) to what calls must not write, and moves writable_from behind it. False when
 * there is no room for another range. */
bool guest_protect(struct guest_memory *memory, uint64_t start, uint64_t end);

/* Host pointer to (size) bytes at (at) for reading, or NULL: every byte lies below the last byte
 * of memory (Solo5 refuses a block that ends exactly at the top) and (at) is a multiple of
 * (align), a power of two. Of an empty range only the start is checked. */
const void *guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                     uint64_t align);

/* The same for writing: besides, no byte of it lies in a read-only range. */
void *guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                uint64_t align);

/* Copies (size) bytes once, out of reach of the compiler: what was checked is what is used, however
 * the guest changes its memory meanwhile. */
void guest_copy(void *to, const void *from, uint64_t size);

#endif
