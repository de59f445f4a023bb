/* SPDX-License-Identifier: MIT */
/* From the host that this guest is linked or loaded into to the application. */
#include "abi/solo5.h"
#include "guest/acquire.h"
#include "guest/end.h"
#include "guest/log.h"
#include "guest/loop/loop.h"

const struct loop_boot *loop_boot;

solo5_time_t solo5_clock_monotonic(void)
{
    return loop_boot->clock();
}

void loop_start(const struct loop_boot *boot)
{
    enum log_level level = LOG_INFO;
    struct solo5_start_info info = {
        .heap_start = boot->heap,
        .heap_size = boot->heap_size,
        .cmdline = log_take_options(boot->cmdline, &level),
    };

    loop_boot = boot;
    acquire_start(boot->manifest);
    log_set_level(level);
    if (!boot->heap)
        guest_abort("Not enough memory");
    log_write(LOG_INFO, "Solo5: rpikit " RPIKIT_VERSION ", loop\n");
    solo5_exit(solo5_app_main(&info));
}
