/* SPDX-License-Identifier: MIT */
/* Runs the application in memory of its own, on hvt and spt alike. */
#include "guest/hvt/run.h"

#include "abi/solo5.h"
#include "guest/acquire.h"
#include "guest/backtrace.h"
#include "guest/end.h"
#include "guest/hvt/clock.h"
#include "guest/log.h"

#define PAGE     UINT64_C(0x1000)
#define HEAP_MIN UINT64_C(0x80000) /* bytes for heap and stack; Solo5 asks for as much */

/* From the linker script. */
extern const char _stext[], _etext[], _erodata[], _end[];

static uint64_t find_heap(uint64_t memory_size)
{
    /* Not the boot info's kernel_end, which leaves out .bss. */
    const uint64_t start = ((uintptr_t)_end + PAGE - 1) & ~(PAGE - 1);

    if (memory_size < start || memory_size - start < HEAP_MIN)
        guest_abort("Not enough memory");
    return start;
}

static void say_banner(const char *platform, const struct solo5_start_info *info)
{
    log_write(LOG_INFO,
              "Solo5: rpikit " RPIKIT_VERSION ", %s on aarch64\n"
              "Solo5: Memory: %u MiB\n"
              "Solo5:   text   %p to %p\n"
              "Solo5:   rodata %p to %p\n"
              "Solo5:   data   %p to %p\n"
              "Solo5:   heap   0x%lx to 0x%lx, with the stack at its end\n",
              platform, (unsigned int)((info->heap_start + info->heap_size) >> 20),
              (const void *)_stext, (const void *)_etext, (const void *)_etext,
              (const void *)_erodata, (const void *)_erodata, (const void *)_end, info->heap_start,
              info->heap_start + info->heap_size);
}

void run_application(const struct run *run)
{
    enum log_level level = LOG_INFO;
    struct solo5_start_info info = {.cmdline = log_take_options(run->cmdline, &level)};

    log_set_level(level);
    backtrace_start(run->memory_size);
    info.heap_start = find_heap(run->memory_size);
    info.heap_size = run->memory_size - info.heap_start;
    say_banner(run->platform, &info);
    if (run->counter_frequency == 0)
        guest_abort("The counter has no frequency");
    clock_start(run->counter_frequency);
    acquire_start(run->manifest);
    solo5_exit(solo5_app_main(&info));
}
