/* SPDX-License-Identifier: MIT */
/* Gives up the way to files as the tender does, then tries it; the status says what is not right:
 * 0 nothing, 1 no Landlock here, 2 a file could be opened, 3 one could be made, 4 what was open
 * cannot be read any more. */
#include "backends/linux/sys.h"
#include "tender/landlock.h"

enum { NO_NEW_PRIVILEGES = 38, MKDIRAT = 34 };

static long try(void)
{
    char byte;
    const long open = sys_open("/proc/version", SYS_O_RDONLY);

    sys_call6(SYS_PRCTL, NO_NEW_PRIVILEGES, 1, 0, 0, 0, 0);
    if (landlock_enter() < 1)
        return 1;
    if (sys_open("/proc/version", SYS_O_RDONLY) != SYS_EACCES)
        return 2;
    if (sys_call3((enum sys_number)MKDIRAT, SYS_AT_FDCWD, (long)(uintptr_t) "/tmp/made", 0700) !=
        SYS_EACCES)
        return 3;
    return sys_read((int)open, &byte, 1) == 1 ? 0 : 4;
}

void start(void) __attribute__((noreturn));

__asm__(".global _start\n_start:\n\tb start");

void start(void)
{
    for (;;)
        sys_call3(SYS_EXIT_GROUP, try(), 0, 0);
}
