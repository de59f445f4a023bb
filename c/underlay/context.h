/* SPDX-License-Identifier: MIT */
/* What of a guest is in a core while it runs, besides the general registers; kept here while
 * another guest does. */
#ifndef RPIKIT_UNDERLAY_CONTEXT_H
#define RPIKIT_UNDERLAY_CONTEXT_H

#include <stdint.h>

/* In the order of context.c's list. */
#define CONTEXT_REGISTERS 28

struct context {
    uint64_t registers[CONTEXT_REGISTERS];
    uint64_t vectors[2 * 32]; /* V0 to V31; switch.S */
    uint64_t fpcr, fpsr;
} __attribute__((aligned(16)));

void context_save(struct context *context);
void context_load(const struct context *context);

/* The registers of a guest that starts: (entry), (stack), and translation by tables that begin at
 * the guest's address of lib/paging.h; (offset) is what the counter had when the guest's was 0. */
void context_begin(struct context *context, uint64_t entry, uint64_t stack, uint64_t offset);

/* Of switch.S. */
void vectors_save(struct context *context);
void vectors_load(const struct context *context);

#endif
