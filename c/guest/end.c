/* SPDX-License-Identifier: MIT */
/* The ways a guest ends. */
#include "guest/end.h"

#include <stdint.h>

#include "abi/solo5.h"
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
    halt(SOLO5_EXIT_ABORT);
}

void guest_abort(const char *why)
{
    log_write(LOG_ERROR, "Solo5: ABORT: %s\n", why);
    halt(SOLO5_EXIT_ABORT);
}
