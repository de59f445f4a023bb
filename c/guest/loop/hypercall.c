/* SPDX-License-Identifier: MIT */
/* A call in a loop guest: a plain call of its host. */
#include "guest/hypercall.h"

#include "guest/loop/loop.h"

void hypercall(uint32_t number, const volatile void *args)
{
    loop_boot->hypercall(number, args);
}
