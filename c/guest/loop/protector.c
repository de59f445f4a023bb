/* SPDX-License-Identifier: MIT */
/* What the compiler's stack protector calls; the guard itself is this machine's or this one. */
#include <stdint.h>

#include "guest/end.h"

extern uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __attribute__((noreturn));

uintptr_t __stack_chk_guard = (uintptr_t)UINT64_C(0x00f3a95b0d6ce187);

void __stack_chk_fail(void)
{
    guest_abort("stack corruption detected");
}
