/* SPDX-License-Identifier: MIT */
/* Buses of the developer's machine: what is on them is files in a folder that a bench shares. */
#include "backends/host/buses.h"

#include "backends/linux/sys.h"
#include "lib/format.h"

#define ALL_MAY_READ 0644

const char *host_buses;

long host_buses_open(const char *name)
{
    char path[4096];

    if (!host_buses)
        return 0;
    format_buffer(path, sizeof(path), "%s/%s", host_buses, name);
    return sys_call6(SYS_OPENAT, SYS_AT_FDCWD, (long)(uintptr_t)path,
                     SYS_O_RDWR | SYS_O_CREAT | SYS_O_CLOEXEC, ALL_MAY_READ, 0, 0);
}
