/* SPDX-License-Identifier: MIT */
/* What the first instructions of every arm64 guest share; included by assembly only. */
#ifndef RPIKIT_GUEST_ENTRY_H
#define RPIKIT_GUEST_ENTRY_H

/* Sets the guard of the stack protector; overwrites x1 and x2. What the host left in x1 may be
 * random (abi/boot_info.h). The counter starts near 0 with the machine or the board, so both are
 * spread over all bytes; byte 1 is 0, so that no overlong string reads or writes the guard. */
.macro set_stack_guard
    mrs     x2, cntvct_el0
    eor     x1, x1, x2
    movz    x2, #0x7c15
    movk    x2, #0x7f4a, lsl #16
    movk    x2, #0x79b9, lsl #32
    movk    x2, #0x9e37, lsl #48        /* 2^64 over the golden ratio */
    madd    x1, x1, x2, x2
    and     x1, x1, #0xffffffffffff00ff
    adrp    x2, __stack_chk_guard
    str     x1, [x2, :lo12:__stack_chk_guard]
.endm

/* Goes to a C function that does not return: every backtrace ends here. */
.macro enter_c function
    mov     x29, xzr
    mov     x30, xzr
    b       \function
.endm

#endif
