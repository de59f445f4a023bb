/* SPDX-License-Identifier: MIT */
/* From the tender's boot info to the application. */
#include "guest/hvt/start.h"

#include "abi/solo5.h"
#include "guest/acquire.h"
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

static void say_banner(const struct solo5_start_info *info)
{
    log_write(LOG_INFO,
              "Solo5: rpikit " RPIKIT_VERSION ", hvt on aarch64\n"
              "Solo5: Memory: %u MiB\n"
              "Solo5:   text   %p to %p\n"
              "Solo5:   rodata %p to %p\n"
              "Solo5:   data   %p to %p\n"
              "Solo5:   heap   0x%lx to 0x%lx, with the stack at its end\n",
              (unsigned int)((info->heap_start + info->heap_size) >> 20), (const void *)_stext,
              (const void *)_etext, (const void *)_etext, (const void *)_erodata,
              (const void *)_erodata, (const void *)_end, info->heap_start,
              info->heap_start + info->heap_size);
}

void hvt_start(const struct hvt_boot_info *boot)
{
    enum log_level level = LOG_INFO;
    struct solo5_start_info info = {
        .cmdline = log_take_options((const char *)(uintptr_t)boot->cmdline, &level),
    };

    __asm__ volatile(".cfi_undefined 30"); /* nobody called: a debugger's backtrace ends here */
    log_set_level(level);
    info.heap_start = find_heap(boot->memory_size);
    info.heap_size = boot->memory_size - info.heap_start;
    say_banner(&info);
    if (boot->counter_frequency == 0)
        guest_abort("The counter has no frequency");
    clock_start(boot->counter_frequency);
    acquire_start((const struct mft *)(uintptr_t)boot->manifest);
    solo5_exit(solo5_app_main(&info));
}
