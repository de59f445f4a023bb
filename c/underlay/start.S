/* SPDX-License-Identifier: MIT */
/* Entry at EL2, the way into the guest, and the way back: its registers lie on the core's stack
 * while the underlay works. The MMU of EL2 stays off. */
#include "underlay/layout.h"

#define STACK   0x1000
#define FRAME   256
#define RELEASE 0xe0 /* where core 1 looks for its entry; 8 bytes more, the next one */

    .section .text.start, "ax"
    .global _start
_start: /* core 0; x0: the device tree */
    mov x20, x0
    adrp x1, __bss_start
    add x1, x1, :lo12:__bss_start
    adrp x2, __bss_end
    add x2, x2, :lo12:__bss_end
0:  cmp x1, x2
    b.hs 1f
    str xzr, [x1], #8
    b 0b
1:  bl prepare
    bl main_first
    msr elr_el2, x0
    mov x0, x20
    b enter

other: /* cores 1 to 3 */
    bl prepare
    sub sp, sp, #16
    mov x0, sp
    bl main_other
    msr elr_el2, x0
    ldr x0, [sp], #16

enter:
    mov x1, xzr
    mov x2, xzr
    mov x3, xzr
    eret

prepare: /* gives this core its stack and the vectors */
    mrs x1, mpidr_el1
    and x1, x1, #(CORES - 1)
    add x1, x1, #1
    mov x2, #STACK
    mul x1, x1, x2
    adrp x2, stacks
    add x2, x2, :lo12:stacks
    add sp, x2, x1
    adrp x2, vectors
    add x2, x2, :lo12:vectors
    msr vbar_el2, x2
    isb
    ret

    .global start_others
start_others:
    adrp x0, other
    add x0, x0, :lo12:other
    mov x1, #RELEASE
    stp x0, x0, [x1]
    str x0, [x1, #16]
    dsb sy
    sev
    ret

    .macro save
    sub sp, sp, #FRAME
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    stp x30, xzr, [sp, #240] /* what is stored from register 31 is zero */
    .endm

guest_trapped:
    save
    mov x0, sp
    bl trap_guest
    b restore

fiq:
    save
    bl trap_fiq

restore:
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldr x30, [sp, #240]
    ldp x0, x1, [sp], #FRAME
    eret

    .macro vector to
    .balign 0x80
    b \to
    .endm

    .balign 0x800
vectors:
    .rept 8 /* from EL2 itself, where interrupts are masked */
    vector trap_own
    .endr
    vector guest_trapped /* the guest's, in AArch64 */
    vector trap_own      /* IRQs are the guest's own */
    vector fiq
    vector trap_own
    vector guest_trapped /* in AArch32, which it may run programs in */
    vector trap_own
    vector fiq
    vector trap_own

    .bss
    .balign 16
stacks:
    .space CORES * STACK
