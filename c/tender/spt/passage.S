/* SPDX-License-Identifier: MIT */
/* The last steps of the tender in a process that becomes the guest: see passage.h. */

#define PASSAGE_AT_32 0x4               /* PASSAGE_AT >> 32 */
#define SYS_WRITE     64
#define SYS_EXIT_GROUP 94
#define SYS_PRCTL     167
#define SYS_MUNMAP    215
#define PR_SET_SECCOMP 22
#define SECCOMP_MODE_FILTER 2
#define STDERR        2
#define ADDRESS_BITS_MAX 52             /* what a process may have: 36 to 52 bits of addresses */
#define ADDRESS_BITS_MIN 36

    .section .rodata.passage, "a"
    .balign 16
    .global passage_start
    .global passage_end
passage_start:
    mov     x19, x0
    mov     x20, x1
    mov     x21, x2
    mov     x22, x3
    mov     x23, x4
    mov     x24, x5

    movz    x1, #PASSAGE_AT_32, lsl #32
    sub     x1, x1, x0
    mov     x8, #SYS_MUNMAP
    svc     #0
    cbnz    x0, failed

    /* From here on there is no stack. A range that ends beyond the process's addresses is refused,
     * so the largest that is not is the right one. */
    mov     x25, #ADDRESS_BITS_MAX
next:
    mov     x0, x20
    mov     x1, #1
    lsl     x1, x1, x25
    sub     x1, x1, x0
    mov     x8, #SYS_MUNMAP
    svc     #0
    cbz     x0, alone
    sub     x25, x25, #1
    cmp     x25, #ADDRESS_BITS_MIN
    b.hs    next
    b       failed

alone:
    mov     x0, #PR_SET_SECCOMP
    mov     x1, #SECCOMP_MODE_FILTER
    mov     x2, x21
    mov     x3, #0
    mov     x4, #0
    mov     x8, #SYS_PRCTL
    svc     #0
    cbnz    x0, failed

    mov     x0, x23
    mov     x16, x22
    mov     sp, x24
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mov     x\n, #0
    .endr
    .irp    n, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov     x\n, #0
    .endr
    br      x16

failed:
    mov     x0, #STDERR
    adr     x1, text
    mov     x2, #(text_end - text)
    mov     x8, #SYS_WRITE
    svc     #0
    mov     x0, #1
    mov     x8, #SYS_EXIT_GROUP
    svc     #0
    brk     #0
text:
    .ascii  "rpikit-tender: sandbox: leaving the guest alone in its process failed\n"
text_end:
    .balign 8
passage_end:

    .section .note.GNU-stack, "", %progbits
