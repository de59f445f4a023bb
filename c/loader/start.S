/* SPDX-License-Identifier: MIT */
/* The first instructions, which take the loader out of the way; its vectors; and the last ones. The
 * firmware lets core 0 only come here, at EL2 (armstub8.S of raspberrypi/tools). */
#include "loader/layout.h"

#define CORE   3 /* in MPIDR_EL1, of four */
#define RW_IRQ (1 << 31 | 1 << 4) /* HCR_EL2: EL1 is AArch64; IRQs come to EL2 */

    .section .text._start, "ax"
    .global _start
_start:
    mrs x0, mpidr_el1
    tst x0, #CORE
    b.ne park
    adr x19, _start /* where the firmware put it */
    mov x0, x19
    ldr x1, =_start
    ldr x2, =loader_end
0:  ldp x3, x4, [x0], #16
    stp x3, x4, [x1], #16
    cmp x1, x2
    b.lo 0b
    ldr x1, =__bss_start
    ldr x2, =__bss_end
1:  cmp x1, x2
    b.hs 2f
    stp xzr, xzr, [x1], #16
    b 1b
2:  dsb sy
    ic iallu
    dsb sy
    isb
    ldr x0, =moved
    br x0

park:
    wfe
    b park

moved:
    ldr x0, =stack + STACK
    mov sp, x0
    ldr x0, =vectors
    msr vbar_el2, x0
    ldr x0, =found
    mrs x1, sctlr_el2
    mrs x2, hcr_el2
    stp x1, x2, [x0]
    ldr x1, =RW_IRQ
    msr hcr_el2, x1
    isb
    mov x0, x19
    b main_loader

    /* x0: what the image finds there, x1: where it begins */
    .global enter
enter:
    ldr x2, =found
    ldp x3, x4, [x2]
    msr hcr_el2, x4
    dsb sy
    msr sctlr_el2, x3
    isb

    /* By set and way, each level that this core has: the other cores never used theirs, so nobody
     * fetches anything meanwhile. Arm ARM for Armv8-A, D4.4.7. */
    mrs x2, clidr_el1
    ubfx x3, x2, #24, #3 /* levels */
    mov x4, xzr
level:
    cmp x4, x3
    b.hs emptied
    add x5, x4, x4, lsl #1
    lsr x5, x2, x5
    and x5, x5, #7
    cmp x5, #2 /* it has data */
    b.lo next
    lsl x6, x4, #1
    msr csselr_el1, x6
    isb
    mrs x5, ccsidr_el1
    and x7, x5, #7
    add x7, x7, #4           /* where the number of the set begins, and ... */
    ubfx x8, x5, #3, #10     /* the last way */
    ubfx x9, x5, #13, #15    /* the last set */
    clz w10, w8              /* ... that of the way */
way:
    mov x11, x9
set:
    lsl x12, x8, x10
    lsl x13, x11, x7
    orr x12, x12, x13
    orr x12, x12, x6
    dc cisw, x12
    subs x11, x11, #1
    b.ge set
    subs x8, x8, #1
    b.ge way
next:
    add x4, x4, #1
    b level
emptied:
    dsb sy
    tlbi alle2
    ic iallu
    dsb sy
    isb
    mov x2, xzr
    mov x3, xzr
    br x1

    .text
    .macro refused kind
    .balign 0x80
    mov w0, #\kind
    b last_words
    .endm

    .balign 0x800
vectors:
    refused 0
    refused 1
    refused 2
    refused 3
    refused 0
    .balign 0x80
    b interrupted
    refused 2
    refused 3
    refused 0
    refused 1
    refused 2
    refused 3
    refused 0
    refused 1
    refused 2
    refused 3

interrupted: /* what C may change */
    stp x0, x1, [sp, #-160]!
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x30, [sp, #144]
    bl line_interrupt
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x30, [sp, #144]
    ldp x0, x1, [sp], #160
    eret

last_words: /* w0: what; the stack may be what was wrong */
    ldr x1, =stack + 2 * STACK
    mov sp, x1
    b main_fault

    .bss
    .balign 4096
stack:
    .space 2 * STACK
found: /* SCTLR_EL2 and HCR_EL2 */
    .space 16
