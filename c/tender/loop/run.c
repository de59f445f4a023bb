/* SPDX-License-Identifier: MIT */
/* Runs a guest of the loop platform inside this process. */
#define _GNU_SOURCE /* MAP_NORESERVE */

#include "tender/loop/run.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "backends/clock.h"

#define GUARD 0x10000 /* bytes behind the heap: a page of any machine */

static struct host *running;
static jmp_buf leave_guest;

static void serve(uint32_t number, const volatile void *args)
{
    static const char *const outcomes[] = {
        [CALL_UNKNOWN] = "Invalid guest hypercall: num=%u\n",
        [CALL_FAULT] = "Invalid guest access: num=%u\n",
    };
    const struct guest_addr at = {(uintptr_t)args};
    const enum call_outcome outcome = dispatch(running, number, at);

    if (outcome != CALL_DONE) {
        fprintf(stderr, outcomes[outcome], number);
        exit(EXIT_FAILURE);
    }
    if (running->halted)
        longjmp(leave_guest, 1);
}

int loop_run(struct host *host, loop_entry *entry, const char *cmdline, size_t heap_size)
{
    char *const heap = mmap(NULL, heap_size + GUARD, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const struct loop_boot boot = {
        .hypercall = serve,
        .clock = backend_clock_monotonic,
        .heap = heap == MAP_FAILED ? 0 : (uintptr_t)heap,
        .heap_size = heap_size,
        .cmdline = cmdline,
        .manifest = host->manifest,
    };

    if (heap != MAP_FAILED)
        mprotect(heap + heap_size, GUARD, PROT_NONE);
    host->memory = (struct guest_memory){.base = 0, .size = UINT64_MAX};
    host->halted = false;
    running = host;
    if (setjmp(leave_guest) == 0)
        entry(&boot);
    if (heap != MAP_FAILED)
        munmap(heap, heap_size + GUARD);
    return host->status;
}
