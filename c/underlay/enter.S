/* SPDX-License-Identifier: MIT */
/* The way into a guest and back, and the vectors: registers that C keeps over a call lie on the
 * stack while the guest runs, those of the guest in its frame while it does not. */
#include "underlay/cores.h"
#include "underlay/frame.h"

#define LAST_WORDS 0x800 /* bytes of stack to report from, of each core */

    .text
    .global guest_enter
guest_enter:
    keep
    msr tpidr_el2, x0
    from_x2 ldp ldr
    ldp x0, x1, [x0]
    eret

leave: /* w1: why; x0 and x1 of the guest are on the stack */
    mrs x0, tpidr_el2
    from_x2 stp str
    ldp x2, x3, [sp], #16
    stp x2, x3, [x0]
    mov w0, w1
    recall
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
