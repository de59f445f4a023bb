/* SPDX-License-Identifier: MIT */
/* What the guest traps for, and the underlay's own interrupts. */
#ifndef RPIKIT_UNDERLAY_TRAP_H
#define RPIKIT_UNDERLAY_TRAP_H

#include <stdint.h>

/* The guest's registers, as start.S keeps them. */
struct frame {
    uint64_t x[32]; /* the last one is no register, and zero */
};

void trap_guest(struct frame *frame);
void trap_fiq(void);
/* The underlay itself did what it must not: says so and switches the machine off. */
__attribute__((noreturn)) void trap_own(void);

#endif
