/* SPDX-License-Identifier: MIT */
/* Registers in memory, for the assembler: those that C keeps over a call, and a guest's. */
#ifndef RPIKIT_UNDERLAY_FRAME_H
#define RPIKIT_UNDERLAY_FRAME_H

#include "underlay/cores.h"

    .macro keep
    sub sp, sp, #(KEPT * 8)
    stp x19, x20, [sp]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    .endm

    .macro recall
    ldp x19, x20, [sp]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    add sp, sp, #(KEPT * 8)
    .endm

    .macro from_x2 pair one /* x0: struct frame */
    \pair x2, x3, [x0, #16]
    \pair x4, x5, [x0, #32]
    \pair x6, x7, [x0, #48]
    \pair x8, x9, [x0, #64]
    \pair x10, x11, [x0, #80]
    \pair x12, x13, [x0, #96]
    \pair x14, x15, [x0, #112]
    \pair x16, x17, [x0, #128]
    \pair x18, x19, [x0, #144]
    \pair x20, x21, [x0, #160]
    \pair x22, x23, [x0, #176]
    \pair x24, x25, [x0, #192]
    \pair x26, x27, [x0, #208]
    \pair x28, x29, [x0, #224]
    \one x30, [x0, #240]
    .endm

#endif
