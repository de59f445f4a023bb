/* SPDX-License-Identifier: MIT */
/* From Linux's stack to run(): the same for every tender that is a program of its own. */
#include "backends/linux/vdso.h"
#include "tender/report.h"
#include "tender/run.h"

void start(uint64_t *stack) __attribute__((noreturn));

/* Called by start.S with the stack as Linux left it. */
void start(uint64_t *stack)
{
    char **argv = (char **)(stack + 1), **end = argv + stack[0] + 1;

    __asm__ volatile(".cfi_undefined 30"); /* nobody called: a debugger's backtrace ends here */
    while (*end)
        end++; /* the environment */
    auxiliary_vector = (const uint64_t *)(end + 1);
    leave(run((int)stack[0], argv));
}
