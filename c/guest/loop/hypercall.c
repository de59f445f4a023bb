/* SPDX-License-Identifier: MIT */
/* A call in a loop guest: a plain call of the host's dispatch. */
#include "guest/hypercall.h"

#include <stdio.h>
#include <stdlib.h>

#include "guest/loop/loop.h"

void hypercall(uint32_t number, const volatile void *args)
{
    static const char *const outcomes[] = {
        [CALL_UNKNOWN] = "this host has no such call",
        [CALL_FAULT] = "the argument block, or a buffer it names, is not the guest's to give",
    };
    const struct guest_addr at = {(uintptr_t)args};
    const enum call_outcome outcome = dispatch(loop_host, number, at);

    if (outcome != CALL_DONE) {
        fprintf(stderr, "loop: call 0x%x: %s\n", number, outcomes[outcome]);
        abort();
    }
    if (loop_host->halted)
        loop_leave();
}
