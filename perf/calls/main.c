/* SPDX-License-Identifier: MIT */
/* Makes each call many times and prints what one took, in nanoseconds of the guest's counter: the
 * least of all rounds, because a timer's tick only ever adds. With any word on its command line it
 * makes those calls only that reach a pin. */
#include <solo5.h>
#include <solo5_led.h>
#include <solo5_switch.h>

#include "apps/say.h"
#include "devices.h"

#define ROUNDS 10
#define COUNT  50   /* calls that leave the guest, in one round */
#define MANY   2000 /* calls that do not, of which 50 would be a few ticks of the counter */

static uint64_t counter(void)
{
    uint64_t now;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(now));
    return now;
}

static uint64_t frequency(void)
{
    uint64_t hz;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz;
}

static void monotonic(void)
{
    solo5_clock_monotonic();
}

static void wall(void)
{
    solo5_clock_wall();
}

static void console(void)
{
    solo5_console_write("", 0);
}

static void yield(void)
{
    solo5_yield(0, NULL);
}

static void test(void)
{
    uint32_t level;

    solo5_switch_test(PIN_BUTTON, &level);
}

static void write(void)
{
    static uint32_t level;

    level = !level;
    solo5_switch_write(PIN_LAMP, level);
}

static void led(void)
{
    solo5_led_on(PIN_LIGHT);
}

static void denied(void)
{
    solo5_led_on(PIN_LIGHT + 1);
}

static uint64_t round_of(void (*call)(void), uint32_t count)
{
    const uint64_t start = counter();

    for (uint32_t i = 0; i < count; i++)
        call();
    return (counter() - start) * (UINT64_C(1000000000) / count) / frequency();
}

static void measure(const char *name, void (*call)(void), uint32_t count)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        const uint64_t took = round_of(call, count);
        if (took < least)
            least = took;
    }
    say("%s %lu\n", name, least);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    if (solo5_switch_init(PIN_BUTTON) != SOLO5_R_OK || solo5_switch_in(PIN_BUTTON) != SOLO5_R_OK ||
        solo5_switch_init(PIN_LAMP) != SOLO5_R_OK || solo5_switch_out(PIN_LAMP) != SOLO5_R_OK ||
        solo5_led_init(PIN_LIGHT) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    measure("switch_test", test, COUNT);
    measure("switch_write", write, COUNT);
    measure("led_on", led, COUNT);
    if (info->cmdline[0] != '\0')
        return SOLO5_EXIT_SUCCESS;
    measure("clock_monotonic", monotonic, MANY);
    measure("clock_wall", wall, COUNT);
    measure("console_write_empty", console, COUNT);
    measure("yield_past", yield, COUNT);
    measure("led_on_denied", denied, COUNT);
    return SOLO5_EXIT_SUCCESS;
}
