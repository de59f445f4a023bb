/* SPDX-License-Identifier: MIT */
/* System calls of Linux, without a libc. */
#ifndef RPIKIT_BACKENDS_LINUX_SYS_H
#define RPIKIT_BACKENDS_LINUX_SYS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "backends/linux/sys_x86_64.h"
#else
#include "backends/linux/sys_aarch64.h"
#endif

/* Results below 0 are errors: include/uapi/asm-generic/errno*.h. */
enum sys_error {
    SYS_EPERM = -1,
    SYS_ENOENT = -2,
    SYS_EINTR = -4,
    SYS_EAGAIN = -11,
    SYS_ENOMEM = -12,
    SYS_EACCES = -13,
    SYS_EFAULT = -14,
    SYS_EBUSY = -16,
    SYS_ENOTBLK = -15,
    SYS_ENODEV = -19,
    SYS_EINVAL = -22,
    SYS_ESPIPE = -29,
    SYS_ENOSYS = -38,
    SYS_ENETDOWN = -100,
    SYS_ENOBUFS = -105,
};

/* The error in words. */
const char *sys_error_text(long result);

struct sys_timespec {
    int64_t seconds, nanoseconds;
};

#define SYS_AT_FDCWD   (-100)
#define SYS_O_RDONLY   0
#define SYS_O_WRONLY   1
#define SYS_O_RDWR     2
#define SYS_O_CREAT    0100
#define SYS_O_NONBLOCK 04000
#define SYS_O_CLOEXEC  02000000

static inline long sys_ioctl(int fd, unsigned int request, const volatile void *argument)
{
    return sys_call3(SYS_IOCTL, fd, (long)request, (long)(uintptr_t)argument);
}

/* Closed on exec, as everything here. */
static inline long sys_open(const char *path, int flags)
{
    return sys_call6(SYS_OPENAT, SYS_AT_FDCWD, (long)(uintptr_t)path, flags | SYS_O_CLOEXEC, 0, 0,
                     0);
}

/* Kinds of file, in (mode) under the mask. */
enum sys_kind {
    SYS_KIND_MASK = 0170000,
    SYS_KIND_PIPE = 0010000,
    SYS_KIND_CHARACTER = 0020000,
    SYS_KIND_BLOCK = 0060000,
    SYS_KIND_REGULAR = 0100000,
    SYS_KIND_SOCKET = 0140000,
};

static inline long sys_fstat(int fd, struct sys_stat *status)
{
    return sys_call3(SYS_FSTAT, fd, (long)(uintptr_t)status, 0);
}

static inline long sys_close(int fd)
{
    return sys_call3(SYS_CLOSE, fd, 0, 0);
}

static inline long sys_read(int fd, void *to, size_t size)
{
    return sys_call3(SYS_READ, fd, (long)(uintptr_t)to, (long)size);
}

static inline long sys_write(int fd, const void *from, size_t size)
{
    return sys_call3(SYS_WRITE, fd, (long)(uintptr_t)from, (long)size);
}

static inline long sys_pread(int fd, void *to, size_t size, uint64_t offset)
{
    return sys_call6(SYS_PREAD64, fd, (long)(uintptr_t)to, (long)size, (long)offset, 0, 0);
}

static inline long sys_pwrite(int fd, const void *from, size_t size, uint64_t offset)
{
    return sys_call6(SYS_PWRITE64, fd, (long)(uintptr_t)from, (long)size, (long)offset, 0, 0);
}

#endif
