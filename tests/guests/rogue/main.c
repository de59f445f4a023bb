/* SPDX-License-Identifier: MIT */
/* Misbehaves when one of its lines gets active: computes without end, reads what is not there,
 * writes to its console without end, or fills all the memory that it has. */
#include <solo5_switch.h>

#include "../expect.h"
#include "devices.h"

#define PERIOD_NS UINT64_C(10000000)

static void spin(const struct solo5_start_info *info)
{
    (void)info;
    say("spinning\n");
    for (;;)
        __asm__ volatile("");
}

static void fault(const struct solo5_start_info *info)
{
    const volatile uint32_t *nowhere = (const volatile uint32_t *)UINT64_C(0x7000000000);

    (void)info;
    OPAQUE(nowhere);
    (void)*nowhere;
}

static void flood(const struct solo5_start_info *info)
{
    (void)info;
    for (;;)
        say("flooding the console, a line as long as many lines are, and then another, without end\n");
}

static void hoard(const struct solo5_start_info *info)
{
    volatile uint8_t *const heap = (volatile uint8_t *)info->heap_start;

    say("hoarding\n");
    for (size_t at = 0; at < info->heap_size - 65536; at += 4096) /* not its stack */
        heap[at] = 1;
    say("has it all\n");
}

static const struct {
    uint64_t line;
    void (*deed)(const struct solo5_start_info *info);
} deeds[] = {{PIN_SPIN, spin}, {PIN_FAULT, fault}, {PIN_FLOOD, flood}, {PIN_HOARD, hoard}};

int solo5_app_main(const struct solo5_start_info *info)
{
    uint32_t level;

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        EXPECT(solo5_switch_init(deeds[i].line) == SOLO5_R_OK);
        EXPECT(solo5_switch_in(deeds[i].line) == SOLO5_R_OK);
    }
    say("ready\n");
    for (;;) {
        for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
            EXPECT(solo5_switch_test(deeds[i].line, &level) == SOLO5_R_OK);
            if (level)
                deeds[i].deed(info);
        }
        solo5_yield(solo5_clock_monotonic() + PERIOD_NS, NULL);
    }
}
