/* SPDX-License-Identifier: MIT */
/* What is x86-64's own of Linux's system calls: included by sys.h only. */
#ifndef RPIKIT_BACKENDS_LINUX_SYS_X86_64_H
#define RPIKIT_BACKENDS_LINUX_SYS_X86_64_H

#include <stdint.h>

/* Numbers: arch/x86/entry/syscalls/syscall_64.tbl of Linux. */
enum sys_number {
    SYS_READ = 0,
    SYS_WRITE = 1,
    SYS_CLOSE = 3,
    SYS_FSTAT = 5,
    SYS_LSEEK = 8,
    SYS_MMAP = 9,
    SYS_MPROTECT = 10,
    SYS_MUNMAP = 11,
    SYS_RT_SIGACTION = 13,
    SYS_RT_SIGPROCMASK = 14,
    SYS_IOCTL = 16,
    SYS_PREAD64 = 17,
    SYS_PWRITE64 = 18,
    SYS_MADVISE = 28,
    SYS_GETPID = 39,
    SYS_SOCKET = 41,
    SYS_CLONE = 56,
    SYS_FCNTL = 72,
    SYS_FTRUNCATE = 77,
    SYS_GETPPID = 110,
    SYS_SETGROUPS = 116,
    SYS_SETRESUID = 117,
    SYS_SETRESGID = 119,
    SYS_CAPSET = 126,
    SYS_PERSONALITY = 135,
    SYS_PRCTL = 157,
    SYS_GETDENTS64 = 217,
    SYS_RESTART_SYSCALL = 219,
    SYS_CLOCK_GETTIME = 228,
    SYS_CLOCK_NANOSLEEP = 230,
    SYS_EXIT_GROUP = 231,
    SYS_EPOLL_CTL = 233,
    SYS_OPENAT = 257,
    SYS_MKNODAT = 259,
    SYS_PPOLL = 271,
    SYS_EPOLL_PWAIT = 281,
    SYS_TIMERFD_CREATE = 283,
    SYS_TIMERFD_SETTIME = 286,
    SYS_EVENTFD2 = 290,
    SYS_EPOLL_CREATE1 = 291,
    SYS_PRLIMIT64 = 302,
    SYS_SECCOMP = 317,
    SYS_MEMFD_CREATE = 319,
    SYS_CLOSE_RANGE = 436,
    SYS_LANDLOCK_CREATE_RULESET = 444,
    SYS_LANDLOCK_RESTRICT_SELF = 446,
    SYS_MSEAL = 462,
};

#define SYS_O_DIRECTORY 0200000

/* The vDSO's clock_gettime. */
#define SYS_VDSO_CLOCK "__vdso_clock_gettime"

/* struct stat of x86-64: arch/x86/include/uapi/asm/stat.h. */
struct sys_stat {
    uint64_t device, inode, links;
    uint32_t mode, user, group, padding;
    uint64_t special;
    int64_t size;
    uint64_t rest[11];
};

_Static_assert(sizeof(struct sys_stat) == 144, "asm/stat.h");

/* struct epoll_event: include/uapi/linux/eventpoll.h; without padding here. */
struct sys_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

_Static_assert(sizeof(struct sys_epoll_event) == 12, "eventpoll.h");

static inline __attribute__((always_inline)) long sys_call6(enum sys_number number, long a, long b,
                                                            long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static inline __attribute__((always_inline)) long sys_call3(enum sys_number number, long a, long b,
                                                            long c)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

#endif
