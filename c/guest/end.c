/* SPDX-License-Identifier: MIT */
/* The ways a guest ends. */
#include "guest/end.h"

#include <stdint.h>

#include "abi/solo5.h"
#include "guest/backtrace.h"
#include "guest/log.h"
#include "guest_halt.h"

static void __attribute__((noreturn)) halt(int status)
{
    for (;;)
        guest_halt(0, status); /* does not return; no trap frame for a core dump */
}

void solo5_exit(int status)
{
    log_write(LOG_INFO, "Solo5: solo5_exit(%d) called\n", status);
    halt(status);
}

void solo5_abort(void)
{
    log_write(LOG_INFO, "Solo5: solo5_abort() called\n");
    backtrace_say(LOG_INFO, (uintptr_t)__builtin_frame_address(0));
    halt(SOLO5_EXIT_ABORT);
}

void guest_abort(const char *why)
{
    guest_abort_at(why, (uintptr_t)__builtin_frame_address(0));
}

void guest_abort_at(const char *why, uintptr_t frame)
{
    log_write(LOG_ERROR, "Solo5: ABORT: %s\n", why);
    backtrace_say(LOG_ERROR, frame);
    halt(SOLO5_EXIT_ABORT);
}
