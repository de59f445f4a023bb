/* SPDX-License-Identifier: MIT */
/* The first instructions of an spt guest: what C code counts on, then C. */
#include "guest/entry.h"

    .section .text._start, "ax"
    .global _start
    .type _start, %function

/* void _start(const struct spt_boot_info *): a process of Linux, SP at the top of memory. */
_start:
    msr     tpidr_el0, xzr              /* a thread-local access before solo5_set_tls_base() faults */

    set_stack_guard
    enter_c spt_start
    .size _start, . - _start

    .section .note.GNU-stack, "", %progbits
