/* SPDX-License-Identifier: MIT */
/* Where Linux starts the program: argc, argv, environment and auxiliary vector on the stack. */

    .section .text.start, "ax"
    .global _start
    .type _start, %function
_start:
    mov     x29, #0
    mov     x30, #0
    mov     x0, sp
    bl      start
    .size _start, . - _start

    .section .note.GNU-stack, "", %progbits
