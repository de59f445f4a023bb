/* SPDX-License-Identifier: MIT */
/* The first instructions of an spt guest: what C code counts on, then C. */

    .section .text._start, "ax"
    .global _start
    .type _start, %function

/* void _start(const struct spt_boot_info *): a process of Linux, SP at the top of memory. */
_start:
    msr     tpidr_el0, xzr              /* a thread-local access before solo5_set_tls_base() faults */

    /* The counter starts with the board, so it is spread over all bytes; byte 1 is 0, so that no
     * overlong string reads or writes the guard. */
    mrs     x1, cntvct_el0
    movz    x2, #0x7c15
    movk    x2, #0x7f4a, lsl #16
    movk    x2, #0x79b9, lsl #32
    movk    x2, #0x9e37, lsl #48        /* 2^64 over the golden ratio */
    madd    x1, x1, x2, x2
    and     x1, x1, #0xffffffffffff00ff
    adrp    x2, __stack_chk_guard
    str     x1, [x2, :lo12:__stack_chk_guard]

    mov     x29, xzr                    /* the end of every backtrace */
    mov     x30, xzr
    b       spt_start
    .size _start, . - _start

    .section .note.GNU-stack, "", %progbits
