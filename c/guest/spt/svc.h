/* SPDX-License-Identifier: MIT */
/* A system call of Linux, from a guest that the filter leaves a few. */
#ifndef RPIKIT_GUEST_SPT_SVC_H
#define RPIKIT_GUEST_SPT_SVC_H

#include "abi/spt.h"

/* Errors: include/uapi/asm-generic/errno-base.h and errno.h. */
enum {
    SVC_EINTR = -4,
    SVC_EAGAIN = -11,
    SVC_EINVAL = -22,
    SVC_ENOBUFS = -105,
};

/* Returns what the kernel does, below 0 an error. */
static inline long svc(enum spt_system_call number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                     : "memory", "cc");
    return x0;
}

/* The same with two arguments, for what is called often. */
static inline long svc2(enum spt_system_call number, long a, long b)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory", "cc");
    return x0;
}

#endif
