/* SPDX-License-Identifier: MIT */
/* What is aarch64's own of Linux's system calls: included by sys.h only. */
#ifndef RPIKIT_BACKENDS_LINUX_SYS_AARCH64_H
#define RPIKIT_BACKENDS_LINUX_SYS_AARCH64_H

#include <stdint.h>

/* Numbers: include/uapi/asm-generic/unistd.h of Linux. */
enum sys_number {
    SYS_EVENTFD2 = 19,
    SYS_EPOLL_CREATE1 = 20,
    SYS_EPOLL_CTL = 21,
    SYS_EPOLL_PWAIT = 22,
    SYS_FCNTL = 25,
    SYS_IOCTL = 29,
    SYS_MKNODAT = 33,
    SYS_FTRUNCATE = 46,
    SYS_OPENAT = 56,
    SYS_CLOSE = 57,
    SYS_GETDENTS64 = 61,
    SYS_LSEEK = 62,
    SYS_READ = 63,
    SYS_WRITE = 64,
    SYS_PREAD64 = 67,
    SYS_PWRITE64 = 68,
    SYS_PPOLL = 73,
    SYS_FSTAT = 80,
    SYS_TIMERFD_CREATE = 85,
    SYS_TIMERFD_SETTIME = 86,
    SYS_CAPSET = 91,
    SYS_PERSONALITY = 92,
    SYS_EXIT_GROUP = 94,
    SYS_CLOCK_GETTIME = 113,
    SYS_CLOCK_NANOSLEEP = 115,
    SYS_RESTART_SYSCALL = 128,
    SYS_RT_SIGACTION = 134,
    SYS_RT_SIGPROCMASK = 135,
    SYS_SETRESUID = 147,
    SYS_SETRESGID = 149,
    SYS_SETGROUPS = 159,
    SYS_PRCTL = 167,
    SYS_GETPID = 172,
    SYS_GETPPID = 173,
    SYS_SOCKET = 198,
    SYS_MUNMAP = 215,
    SYS_CLONE = 220,
    SYS_MMAP = 222,
    SYS_MPROTECT = 226,
    SYS_MADVISE = 233,
    SYS_PRLIMIT64 = 261,
    SYS_SECCOMP = 277,
    SYS_MEMFD_CREATE = 279,
    SYS_CLOSE_RANGE = 436,
    SYS_LANDLOCK_CREATE_RULESET = 444,
    SYS_LANDLOCK_RESTRICT_SELF = 446,
    SYS_MSEAL = 462,
};

#define SYS_O_DIRECTORY 040000

/* The vDSO's clock_gettime. */
#define SYS_VDSO_CLOCK "__kernel_clock_gettime"

/* struct stat of aarch64: include/uapi/asm-generic/stat.h. */
struct sys_stat {
    uint64_t device, inode;
    uint32_t mode, links, user, group;
    uint64_t special, padding;
    int64_t size;
    uint64_t rest[9];
};

_Static_assert(sizeof(struct sys_stat) == 128, "asm-generic stat");

/* struct epoll_event: include/uapi/linux/eventpoll.h; padded as C does. */
struct sys_epoll_event {
    uint32_t events, padding;
    uint64_t data;
};

_Static_assert(sizeof(struct sys_epoll_event) == 16, "eventpoll.h");

static inline __attribute__((always_inline)) long sys_call3(enum sys_number number, long a, long b,
                                                            long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
    return x0;
}

static inline __attribute__((always_inline)) long sys_call6(enum sys_number number, long a, long b,
                                                            long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
}

#endif
