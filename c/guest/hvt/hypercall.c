/* SPDX-License-Identifier: MIT */
/* A call on hvt: a store that the hypervisor traps. */
#include "guest/hypercall.h"

#include "abi/call.h"

void hypercall(uint32_t number, const volatile void *args)
{
    /* In assembly, since a hypervisor can only decode a plain 32-bit store without write-back. The
     * block is complete before it, and read anew after it: "memory". */
    __asm__ volatile("str %w0, [%1]"
                     :
                     : "r"((uint32_t)(uintptr_t)args), "r"(HVT_CALL_ADDRESS(number))
                     : "memory");
}
