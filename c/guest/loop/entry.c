/* SPDX-License-Identifier: MIT */
/* Runs an application inside the host program, with the host's libc around it. */
#include <setjmp.h>
#include <stdlib.h>

#include "abi/solo5.h"
#include "backends/clock.h"
#include "guest/end.h"
#include "guest/log.h"
#include "guest/loop/loop.h"

#define HEAP_SIZE 0x100000 /* bytes */

struct host *loop_host;

static jmp_buf leave;

void loop_leave(void)
{
    longjmp(leave, 1);
}

solo5_time_t solo5_clock_monotonic(void)
{
    return backend_clock_monotonic();
}

static void __attribute__((noreturn)) run(char *heap, const char *cmdline)
{
    enum log_level level = LOG_INFO;
    struct solo5_start_info info = {
        .heap_start = (uintptr_t)heap,
        .heap_size = HEAP_SIZE,
        .cmdline = log_take_options(cmdline, &level),
    };

    log_set_level(level);
    if (!heap)
        guest_abort("Not enough memory");
    log_write(LOG_INFO, "Solo5: rpikit " RPIKIT_VERSION ", loop\n");
    solo5_exit(solo5_app_main(&info));
}

int loop_run(struct host *host, const char *cmdline)
{
    char *const heap = calloc(1, HEAP_SIZE);

    host->memory = (struct guest_memory){.base = 0, .size = UINT64_MAX};
    host->halted = false;
    loop_host = host;
    if (setjmp(leave) == 0)
        run(heap, cmdline);
    free(heap);
    return host->status;
}
