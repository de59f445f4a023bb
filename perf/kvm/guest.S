/* SPDX-License-Identifier: MIT */
/* The guest of kvm.c, with its MMU off: again and again COUNT stores that leave to user space and
 * come back, and one more with what they took. */

#define COUNT 50
#define NS_PER_SECOND 1000000000

    .section .rodata
    .global guest_code
    .global guest_code_end
guest_code:
    mov     x0, #0x100000000            /* where nothing is */
1:  mov     x1, #COUNT
    mrs     x2, cntvct_el0
2:  str     wzr, [x0]
    subs    x1, x1, #1
    b.ne    2b
    mrs     x3, cntvct_el0
    sub     x3, x3, x2
    mov     x4, #(NS_PER_SECOND / COUNT & 0xffff)
    movk    x4, #(NS_PER_SECOND / COUNT >> 16), lsl #16
    mul     x3, x3, x4
    mrs     x4, cntfrq_el0
    udiv    x3, x3, x4
    str     x3, [x0]                    /* 8 bytes: ns per store */
    b       1b
guest_code_end:

    .section .note.GNU-stack, "", %progbits
