/* SPDX-License-Identifier: MIT */
/* What an spt guest finds and may ask of Linux (Solo5 spt ABI 2), and what rpikit adds to it. */
#ifndef RPIKIT_ABI_SPT_H
#define RPIKIT_ABI_SPT_H

#include <stddef.h>
#include <stdint.h>

#define SPT_ABI_TARGET 2
#define SPT_ABI_VERSION 2

/* Addresses of the guest's process; the memory ends at its size, as if it began at 0. */
#define SPT_MEMORY_AT UINT64_C(0x10000) /* vm.mmap_min_addr of a stock kernel is no higher */
#define SPT_BOOT_INFO_AT UINT64_C(0x11000)
#define SPT_GUEST_MIN UINT64_C(0x100000) /* lowest address of the program */

/* What an event of the timer carries in the set of descriptors; one of a device carries its index
 * in the manifest. */
#define SPT_TIMER_EVENT UINT64_C(0xfffffffe)

/* In struct spt_boot_info.features. */
#define SPT_HAS_CALLS (UINT32_C(1) << 0) /* a parent serves SPT_CALL, and sleeping is its affair */

struct spt_boot_info {
    uint64_t memory_size; /* bytes */
    uint64_t kernel_end;  /* end of the non-empty PT_LOADs; can lie below the guest's _end */
    uint64_t cmdline;     /* address, NUL-terminated */
    uint64_t manifest;    /* address of struct mft; an attached entry's `host` is its descriptor */
    int32_t events;       /* descriptor: the epoll set of the timer and all network devices */
    int32_t timer;        /* descriptor: a timer on CLOCK_MONOTONIC */
    /* rpikit's from here on: there if the manifest does not begin earlier. */
    uint32_t features;
    uint32_t reserved; /* 0 */
};

_Static_assert(sizeof(struct spt_boot_info) == 48, "Solo5 spt ABI 2, and 8 bytes of ours");
_Static_assert(offsetof(struct spt_boot_info, features) == 40, "Solo5 spt ABI 2: boot info");

/* System calls of Linux on aarch64 (include/uapi/asm-generic/unistd.h) that Solo5 leaves a guest,
 * each with the arguments it checks. */
enum spt_system_call {
    SPT_EPOLL_PWAIT = 22,      /* on the set */
    SPT_READ = 63,             /* on a network device */
    SPT_WRITE = 64,            /* on 1, the console, and on network devices */
    SPT_PREAD64 = 67,          /* on a block device: one block's size, within its capacity */
    SPT_PWRITE64 = 68,         /* the same */
    SPT_TIMERFD_SETTIME = 86,  /* on the timer */
    SPT_EXIT_GROUP = 94,
    SPT_CLOCK_GETTIME = 113,   /* CLOCK_REALTIME and CLOCK_MONOTONIC */
    /* A call of the interfaces: its number, and the address of its argument block. No kernel has
     * such a system call; the filter hands it to the parent. */
    SPT_CALL = 0x525000,
};

#endif
