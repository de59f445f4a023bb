/* SPDX-License-Identifier: MIT */
/* The way into a guest and back, and the vectors: registers that C keeps over a call lie on the
 * stack while the guest runs, those of the guest in its frame while it does not. */
#include "underlay/cores.h"

#define KEPT       96
#define LAST_WORDS 0x800 /* bytes of stack to report from, of each core */

    .text
    .global guest_enter
guest_enter:
    sub sp, sp, #KEPT
    stp x19, x20, [sp]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    msr tpidr_el2, x0
    ldp x2, x3, [x0, #16]
    ldp x4, x5, [x0, #32]
    ldp x6, x7, [x0, #48]
    ldp x8, x9, [x0, #64]
    ldp x10, x11, [x0, #80]
    ldp x12, x13, [x0, #96]
    ldp x14, x15, [x0, #112]
    ldp x16, x17, [x0, #128]
    ldp x18, x19, [x0, #144]
    ldp x20, x21, [x0, #160]
    ldp x22, x23, [x0, #176]
    ldp x24, x25, [x0, #192]
    ldp x26, x27, [x0, #208]
    ldp x28, x29, [x0, #224]
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret

leave: /* w1: why; x0 and x1 of the guest are on the stack */
    mrs x0, tpidr_el2
    stp x2, x3, [x0, #16]
    stp x4, x5, [x0, #32]
    stp x6, x7, [x0, #48]
    stp x8, x9, [x0, #64]
    stp x10, x11, [x0, #80]
    stp x12, x13, [x0, #96]
    stp x14, x15, [x0, #112]
    stp x16, x17, [x0, #128]
    stp x18, x19, [x0, #144]
    stp x20, x21, [x0, #160]
    stp x22, x23, [x0, #176]
    stp x24, x25, [x0, #192]
    stp x26, x27, [x0, #208]
    stp x28, x29, [x0, #224]
    str x30, [x0, #240]
    ldp x2, x3, [sp], #16
    stp x2, x3, [x0]
    mov w0, w1
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    add sp, sp, #KEPT
    ret

own: /* w0: what; the stack may be what was wrong */
    mrs x1, mpidr_el1
    and x1, x1, #(CORES - 1)
    add x1, x1, #1
    lsl x1, x1, #11
    adrp x2, last_words
    add x2, x2, :lo12:last_words
    add sp, x2, x1
    b trap_own

    .macro from_guest kind
    .balign 0x80
    stp x0, x1, [sp, #-16]!
    mov w1, #\kind
    b leave
    .endm

    .macro from_own kind
    .balign 0x80
    mov w0, #\kind
    b own
    .endm

    .macro row entry
    \entry EXIT_TRAP
    \entry EXIT_IRQ
    \entry EXIT_FIQ
    \entry EXIT_SERROR
    .endm

    .balign 0x800
vectors:
    .global vectors
    row from_own   /* with SP_EL0 */
    row from_own
    row from_guest /* in AArch64 */
    row from_guest /* in AArch32, which a kernel may run programs in */

    .section .bss.last_words, "aw", %nobits
    .balign 16
last_words:
    .space CORES * LAST_WORDS
