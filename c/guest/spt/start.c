/* SPDX-License-Identifier: MIT */
/* From the tender's boot info to the application. */
#include "guest/spt/start.h"

#include "guest/hvt/run.h"

const struct spt_boot_info *spt_boot;

/* Linux lets programs read the counter, and how fast it counts; where a processor counts wrongly,
 * it corrects what they read. */
static uint64_t counter_frequency(void)
{
    uint64_t frequency;

    __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}

void spt_start(const struct spt_boot_info *boot)
{
    const struct run run = {
        .platform = "spt",
        .memory_size = boot->memory_size,
        .counter_frequency = counter_frequency(),
        .cmdline = (const char *)(uintptr_t)boot->cmdline,
        .manifest = (const struct mft *)(uintptr_t)boot->manifest,
    };

    __asm__ volatile(".cfi_undefined 30"); /* nobody called: a debugger's backtrace ends here */
    spt_boot = boot;
    run_application(&run);
}
