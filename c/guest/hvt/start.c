/* SPDX-License-Identifier: MIT */
/* From the tender's boot info to the application. */
#include "guest/hvt/start.h"

#include "guest/hvt/frames.h"
#include "guest/hvt/run.h"

void hvt_start(const struct hvt_boot_info *boot)
{
    const struct run run = {
        .platform = "hvt",
        .memory_size = boot->memory_size,
        .counter_frequency = boot->counter_frequency,
        .cmdline = (const char *)(uintptr_t)boot->cmdline,
        .manifest = (const struct mft *)(uintptr_t)boot->manifest,
    };

    __asm__ volatile(".cfi_undefined 30"); /* nobody called: a debugger's backtrace ends here */
    frames_start(boot);
    run_application(&run);
}
