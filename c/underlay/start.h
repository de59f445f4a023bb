/* SPDX-License-Identifier: MIT */
/* Between the first instructions (start.S, enter.S) and a program at EL2. */
#ifndef RPIKIT_UNDERLAY_START_H
#define RPIKIT_UNDERLAY_START_H

#include <stdint.h>

#include "backends/bcm2837/registers.h"
#include "underlay/cores.h"

/* The guest's general registers while it does not run. */
struct frame {
    uint64_t x[32]; /* the last one is no register, and zero */
};

/* The program: core 0 comes here with what the firmware or the loader left in x0, the others once
 * they were let go. All are at EL2 with the MMU off, all interrupts masked, on a stack of
 * CORE_STACK bytes.
 */
__attribute__((noreturn)) void main_first(uint64_t x0);
__attribute__((noreturn)) void main_other(void);

/* The underlay itself did what it must not, an exception of row (kind) says: EXIT_TRAP and so on.
 * Comes on a stack that holds for this core's last words. */
__attribute__((noreturn)) void trap_own(uint32_t kind);

static inline uint32_t this_core(void)
{
    return (uint32_t)READ_REGISTER(mpidr_el1) & (CORES - 1);
}

/* Lets the other cores leave the firmware's stub. */
void start_others(void);

/* Has the guest run from ELR_EL2, in the state of SPSR_EL2, with the registers of (frame), until it
 * has to be left: EXIT_TRAP and so on. Its other registers stay in the core. */
uint32_t guest_enter(struct frame *frame);

#endif
