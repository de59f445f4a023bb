/* SPDX-License-Identifier: MIT */
/* Thread-local storage on aarch64 (ELF TLS variant I): head, .tdata, .tbss. */
#include <stddef.h>
#include <stdint.h>

#include "abi/solo5.h"
#include "lib/string.h"

#define HEAD 16 /* bytes between the thread pointer and .tdata */

/* From the linker script: where the template lies, and two lengths given as addresses. */
extern const char _stdata[], _ltdata[], _ltbss[];

size_t solo5_tls_size(void)
{
    return HEAD + (uintptr_t)_ltdata + (uintptr_t)_ltbss;
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
    return tls;
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
    if (tls == 0)
        return SOLO5_R_EINVAL;
    *(uintptr_t *)tls = tls;
    memcpy((char *)tls + HEAD, _stdata, (uintptr_t)_ltdata);
    return SOLO5_R_OK;
}

solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(base) : "memory");
    return SOLO5_R_OK;
}
