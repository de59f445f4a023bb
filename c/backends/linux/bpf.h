/* SPDX-License-Identifier: MIT */
/* The words of which filters of system calls are made. */
#ifndef RPIKIT_BACKENDS_LINUX_BPF_H
#define RPIKIT_BACKENDS_LINUX_BPF_H

#include <stdint.h>

/* Classic BPF: include/uapi/linux/bpf_common.h. */
enum {
    LOAD = 0x20, /* the 32 bits at (value) of struct seccomp_data */
    IF_EQUAL = 0x15,
    IF_GREATER = 0x25,
    IF_NOT_LESS = 0x35,
    SKIP = 0x05,
    RETURN = 0x06,
};

/* struct seccomp_data and results: include/uapi/linux/seccomp.h. */
enum { NUMBER_AT = 0, ARCH_AT = 4, ARGUMENTS_AT = 16 };
#define ALLOW        UINT32_C(0x7fff0000)
#define KILL_PROCESS UINT32_C(0x80000000)
#define ASK          UINT32_C(0x7fc00000)
#define ARCH_AARCH64 UINT32_C(0xc00000b7)

#endif
