/* SPDX-License-Identifier: MIT */
/* What the compiler's stack protector needs. */
#include <stdint.h>

#include "guest/end.h"

#pragma GCC visibility push(default)

/* Seeded by _start. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard;

void __stack_chk_fail(void) __attribute__((noreturn));

#pragma GCC visibility pop

void __stack_chk_fail(void)
{
    guest_abort("stack corruption detected");
}
