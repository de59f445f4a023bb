/* SPDX-License-Identifier: MIT */
/* The first instructions of an hvt guest: what C code counts on, then C. */
#include "guest/entry.h"

    .section .text._start, "ax"
    .global _start
    .type _start, %function

/* void _start(const struct hvt_boot_info *): EL1, MMU on, interrupts masked, SP at the top of
 * memory. KVM leaves garbage in every register the tender does not set. */
_start:
    msr     tpidr_el0, xzr              /* a thread-local access before solo5_set_tls_base() faults */
    adrp    x2, exception_vectors
    add     x2, x2, :lo12:exception_vectors
    msr     vbar_el1, x2
    isb

    set_stack_guard
    enter_c hvt_start
    .size _start, . - _start

    .section .note.GNU-stack, "", %progbits
