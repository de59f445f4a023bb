/* SPDX-License-Identifier: MIT */
/* A kernel made of functions: what a backend for Linux asks for comes to kernel_call(), which the
 * test writes with the kernel's own headers. Include it first, then the backend's .c file. */
#ifndef RPIKIT_TESTS_KERNEL_H
#define RPIKIT_TESTS_KERNEL_H

#define sys_call3 real_call3
#define sys_call6 real_call6
#if defined(__x86_64__)
#include "backends/linux/sys_x86_64.h"
#else
#include "backends/linux/sys_aarch64.h"
#endif
#undef sys_call3
#undef sys_call6

static long kernel_call(enum sys_number number, long a, long b, long c);

static inline long sys_call3(enum sys_number number, long a, long b, long c)
{
    return kernel_call(number, a, b, c);
}

static inline long sys_call6(enum sys_number number, long a, long b, long c, long d, long e, long f)
{
    (void)d;
    (void)e;
    (void)f;
    return kernel_call(number, a, b, c);
}

#include "backends/linux/error.c"
#include "backends/linux/filter.c"

#endif
