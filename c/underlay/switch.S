/* SPDX-License-Identifier: MIT */
/* From one stack of the underlay to another, and the vector registers, which C does not touch. */

#include "underlay/frame.h"

#define VECTORS 224 /* struct context */

    .text
    .global stack_switch
stack_switch: /* x0: where this stack's pointer is kept, x1: the other's */
    keep
    mov x2, sp
    str x2, [x0]
    mov sp, x1
    recall
    ret

    .global stack_begin
stack_begin: /* where a new stack's first switch returns to: x19(x20) */
    mov x0, x20
    blr x19
    brk #0

    .macro all op
    \op q0, q1, [x0]
    \op q2, q3, [x0, #32]
    \op q4, q5, [x0, #64]
    \op q6, q7, [x0, #96]
    \op q8, q9, [x0, #128]
    \op q10, q11, [x0, #160]
    \op q12, q13, [x0, #192]
    \op q14, q15, [x0, #224]
    \op q16, q17, [x0, #256]
    \op q18, q19, [x0, #288]
    \op q20, q21, [x0, #320]
    \op q22, q23, [x0, #352]
    \op q24, q25, [x0, #384]
    \op q26, q27, [x0, #416]
    \op q28, q29, [x0, #448]
    \op q30, q31, [x0, #480]
    .endm

    .arch_extension fp
    .arch_extension simd
    .global vectors_save
vectors_save:
    add x0, x0, #VECTORS
    all stp
    mrs x1, fpcr
    mrs x2, fpsr
    add x0, x0, #512
    stp x1, x2, [x0]
    ret

    .global vectors_load
vectors_load:
    add x0, x0, #VECTORS
    all ldp
    add x0, x0, #512
    ldp x1, x2, [x0]
    msr fpcr, x1
    msr fpsr, x2
    ret
