/* SPDX-License-Identifier: MIT */
/* The exception vectors of an hvt guest: every exception is the end. */

#define EXCEPTION_STACK 2048 /* bytes */

    .macro vector number
    .balign 0x80
    mov     x0, #\number
    b       exception_entry
    .endm

    .section .text.exception_vectors, "ax"
    .balign 0x800
    .global exception_vectors
    .hidden exception_vectors
exception_vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vector \number
    .endr

/* exception_report(vector, stack pointer, link register, frame pointer) on a stack of its own: the
 * guest's may be what is broken. An exception in the report itself starts it again. */
exception_entry:
    mov     x1, sp
    mov     x2, x30
    mov     x3, x29
    adrp    x4, exception_stack_top
    add     x4, x4, :lo12:exception_stack_top
    mov     sp, x4
    b       exception_report

    .section .bss.exception_stack, "aw", %nobits
    .balign 16
    .skip   EXCEPTION_STACK
exception_stack_top:

    .section .note.GNU-stack, "", %progbits
