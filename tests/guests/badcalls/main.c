/* SPDX-License-Identifier: MIT */
/* Makes one call that no host may serve; the argument says which. */
#include "../expect.h"
#include "abi/call.h"
#include "abi_clock.h"
#include "abi_console.h"
#include "lib/string.h"

#define UNKNOWN 31 /* below our own numbers, above Solo5's */

static const struct clock_walltime_args constant; /* the host must not write here */
static uint64_t memory_end;

static void call(uint64_t number, uint64_t block)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(block), "r"(HVT_CALL_ADDRESS(number)) : "memory");
}

static void put(uint64_t data, uint64_t size)
{
    const struct console_puts_args args = {.data = data, .len = size};

    call(CALL_CONSOLE_PUTS, (uintptr_t)&args);
}

static void unknown(void)
{
    call(UNKNOWN, memory_end - 4096);
}

static void own_unknown(void)
{
    call(HVT_CALL_OWN_FIRST + 0xffff, memory_end - 4096);
}

static void zero(void)
{
    call(0, memory_end - 4096);
}

static void beyond(void)
{
    call(CALL_CLOCK_WALLTIME, memory_end + 4096);
}

static void top(void)
{
    call(CALL_CLOCK_WALLTIME, memory_end - sizeof(struct clock_walltime_args));
}

static void misaligned(void)
{
    static char space[32] __attribute__((aligned(8)));

    call(CALL_CLOCK_WALLTIME, (uintptr_t)space + 1);
}

static void readonly(void)
{
    call(CALL_CLOCK_WALLTIME, (uintptr_t)&constant);
}

static void pointer(void)
{
    put(memory_end + 4096, 1);
}

static void length(void)
{
    put((uintptr_t)&constant, memory_end);
}

static void wrap(void)
{
    put((uintptr_t)&constant, UINT64_MAX - 4096);
}

static void load(void)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]"
                     : "=r"(value)
                     : "r"(HVT_CALL_ADDRESS(CALL_CLOCK_WALLTIME))
                     : "memory");
}

static void wide(void)
{
    __asm__ volatile("str %0, [%1]"
                     :
                     : "r"(memory_end - 4096), "r"(HVT_CALL_ADDRESS(CALL_CLOCK_WALLTIME))
                     : "memory");
}

static void byte(void)
{
    __asm__ volatile("strb %w0, [%1]"
                     :
                     : "r"(0), "r"(HVT_CALL_ADDRESS(CALL_CLOCK_WALLTIME))
                     : "memory");
}

static void between(void)
{
    __asm__ volatile("str %w0, [%1]"
                     :
                     : "r"(memory_end - 4096), "r"(HVT_CALL_ADDRESS(CALL_CLOCK_WALLTIME) + 4)
                     : "memory");
}

static const struct {
    char word[12];
    void (*make)(void);
} calls[] = {
    {"unknown", unknown},   {"own-unknown", own_unknown},
    {"zero", zero},         {"beyond", beyond},
    {"top", top},           {"misaligned", misaligned},
    {"readonly", readonly}, {"pointer", pointer},
    {"length", length},     {"wrap", wrap},
    {"load", load},         {"wide", wide},
    {"byte", byte},         {"between", between},
};

int solo5_app_main(const struct solo5_start_info *info)
{
    memory_end = info->heap_start + info->heap_size;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(info->cmdline, calls[i].word) == 0) {
            say("About to make the call '%s'\n", info->cmdline);
            calls[i].make();
            return expect_not_reached("the call");
        }
    }
    say("FAILURE: no such call: '%s'\n", info->cmdline);
    return SOLO5_EXIT_FAILURE;
}
