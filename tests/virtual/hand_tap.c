/* SPDX-License-Identifier: MIT */
/* Opens tap argv[1] as descriptor 7 and becomes the program argv[2]: what a manager with rights
 * does for a tender without. */
#include "backends/linux/sys.h"
#include "lib/string.h"

enum { HANDED = 7, DUP3 = 24, EXECVE = 221 };

#define TUNSETIFF     0x400454cau
#define IFF_TAP_NO_PI 0x1002

void start(uint64_t *stack) __attribute__((noreturn));

__asm__(".global _start\n_start:\n\tmov x0, sp\n\tb start");

void start(uint64_t *stack)
{
    char **argv = (char **)(stack + 1);
    struct {
        char name[16];
        int16_t flags;
        uint8_t rest[22];
    } interface = {.flags = IFF_TAP_NO_PI};
    const size_t size = strlen(argv[1]);
    const long tun = sys_open("/dev/net/tun", SYS_O_RDWR);

    memcpy(interface.name, argv[1], size < 15 ? size : 15);
    if (tun >= 0 && sys_ioctl((int)tun, TUNSETIFF, &interface) == 0 &&
        sys_call3((enum sys_number)DUP3, tun, HANDED, 0) == HANDED)
        sys_call3((enum sys_number)EXECVE, (long)(uintptr_t)argv[2], (long)(uintptr_t)(argv + 2),
                  (long)(uintptr_t)(argv + stack[0] + 1));
    for (;;)
        sys_call3(SYS_EXIT_GROUP, 99, 0, 0);
}
