/* SPDX-License-Identifier: MIT */
/* The first instructions of each core, up to the program's own. */
#include "underlay/cores.h"

#define RELEASE    0xe0  /* where core 1 looks for its entry; 8 bytes more, the next one */

/* From EL3, where a loader without firmware leaves the cores: Arm ARM for Armv8-A, D13.2.116. */
#define SCR_EL3    0x5b1 /* EL2 is AArch64 and not secure, HVC is allowed, SMC is not */
#define SPSR_EL2H  0x3c9 /* all interrupts masked */
#define EL3        0xc   /* in CurrentEL */

    .section .text.start, "ax"
    .global _start
_start: /* x0: the device tree */
    mov x20, x0
    bl descend
    mrs x1, mpidr_el1
    and x1, x1, #(CORES - 1)
    cbnz x1, other /* a loader without firmware starts all at once */
    adrp x1, __bss_start
    add x1, x1, :lo12:__bss_start
    adrp x2, __bss_end
    add x2, x2, :lo12:__bss_end
0:  cmp x1, x2
    b.hs 1f
    stp xzr, xzr, [x1], #16
    b 0b
1:  bl prepare
    mov x0, x20
    b main_first

released: /* cores 1 to 3 */
    bl descend
other:
    adrp x1, let_go
0:  ldr w2, [x1, :lo12:let_go]
    cbnz w2, 1f
    wfe
    b 0b
1:  bl prepare
    b main_other

descend: /* from EL3 to EL2, if need be */
    mrs x1, CurrentEL
    cmp x1, #EL3
    b.ne 0f
    mov x1, #SCR_EL3
    msr scr_el3, x1
    msr cptr_el3, xzr
    mov x1, #SPSR_EL2H
    msr spsr_el3, x1
    msr elr_el3, x30
    eret
0:  ret

prepare: /* gives this core its stack and the vectors */
    mrs x1, mpidr_el1
    and x1, x1, #(CORES - 1)
    add x1, x1, #1
    mov x2, #CORE_STACK
    mul x1, x1, x2
    adrp x2, core_stacks
    add x2, x2, :lo12:core_stacks
    add sp, x2, x1
    adrp x2, vectors
    add x2, x2, :lo12:vectors
    msr vbar_el2, x2
    isb
    ret

    .global start_others
start_others: /* what they look at is cleaned, since their caches are off */
    adrp x0, let_go
    add x0, x0, :lo12:let_go
    mov w1, #1
    str w1, [x0]
    dc civac, x0
    adrp x0, released
    add x0, x0, :lo12:released
    mov x1, #RELEASE
    stp x0, x0, [x1]
    str x0, [x1, #16]
    dc civac, x1
    add x1, x1, #16
    dc civac, x1
    dsb sy
    sev
    ret

    .section .data.let_go, "aw" /* not .bss, which core 0 clears while others may look */
    .balign 64
let_go:
    .word 0
    .balign 64

    .section .bss.core_stacks, "aw", %nobits
    .global core_stacks
    .balign 4096
core_stacks:
    .space CORES * CORE_STACK
