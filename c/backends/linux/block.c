/* SPDX-License-Identifier: MIT */
/* Storage under Linux: a file or a block device for each handle. */
#include "backends/block.h"

#include "backends/linux/backend.h"
#include "backends/linux/block.h"
#include "backends/linux/sealed.h"

enum { DEVICES = 64, SEEK_END = 2 };

static int fds[DEVICES] SEALED; /* 0: not open */
static uint64_t largest SEALED; /* bytes of one */

struct failures block_failures;

static long size_of(int fd)
{
    struct sys_stat status;
    const long result = sys_fstat(fd, &status);
    const uint32_t kind = status.mode & SYS_KIND_MASK;

    if (result < 0)
        return result;
    if (kind != SYS_KIND_REGULAR && kind != SYS_KIND_BLOCK)
        return SYS_ENOTBLK;
    return sys_call3(SYS_LSEEK, fd, 0, SEEK_END);
}

long block_open(uint32_t handle, const char *path, uint64_t *size)
{
    /* Without waiting, in case it is something else. */
    const long fd = sys_open(path, SYS_O_RDWR | SYS_O_NONBLOCK);

    if (fd < 0)
        return fd;
    const long end = size_of((int)fd);
    if (end < 0) {
        sys_close((int)fd);
        return end;
    }
    fds[handle] = (int)fd;
    *size = (uint64_t)end;
    if (*size > largest)
        largest = *size;
    return 0;
}

int block_fd(uint32_t handle)
{
    return fds[handle];
}

static inline bool transfer(enum sys_number number, uint32_t handle, uintptr_t at, uint64_t size,
                            uint64_t offset)
{
    while (size > 0) {
        const long done = sys_call6(number, fds[handle], (long)at, (long)size, (long)offset, 0, 0);
        if (done > 0) {
            at += (uint64_t)done;
            size -= (uint64_t)done;
            offset += (uint64_t)done;
        } else if (done != SYS_EINTR) {
            failures_add(&block_failures, handle, done);
            return false;
        }
    }
    return true;
}

bool backend_block_read(uint32_t handle, void *to, uint64_t size, uint64_t offset)
{
    return transfer(SYS_PREAD64, handle, (uintptr_t)to, size, offset);
}

bool backend_block_write(uint32_t handle, const void *from, uint64_t size, uint64_t offset)
{
    return transfer(SYS_PWRITE64, handle, (uintptr_t)from, size, offset);
}

static void allow(struct filter *filter)
{
    filter_allow_placed(filter, SYS_PREAD64, fds, DEVICES);
    filter_allow_placed(filter, SYS_PWRITE64, fds, DEVICES);
}

static uint64_t file_size(void)
{
    return largest;
}

static const struct linux_backend block = {.allow = allow, .file_size = file_size};
LINUX_BACKEND(block);
