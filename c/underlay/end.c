/* SPDX-License-Identifier: MIT */
/* How guests end, and the machine with the last of them. */
#include "underlay/end.h"

#include <stdarg.h>

#include "backends/bcm2837/power.h"
#include "lib/format.h"
#include "underlay/attention.h"
#include "underlay/console.h"
#include "underlay/core.h"

#define REASON 160 /* bytes of text */

static uint32_t living;
static bool is_over; /* it was told */

void end_expect(uint32_t guests)
{
    living = guests;
}

static void end_one(void)
{
    if (__atomic_sub_fetch(&living, 1, __ATOMIC_ACQ_REL) == 0)
        core_call(core_first());
}

static void release_lines(struct guest *guest)
{
    if (guest->gpio.refused > 0)
        console_say("underlay: %s: %lu calls refused: line not granted\n", guest->name,
                    (unsigned long)guest->gpio.refused);
    if (guest->failures > 0)
        console_say("underlay: %s: %lu transfers of storage failed\n", guest->name,
                    (unsigned long)guest->failures);
    for (uint32_t line = 0; line < GPIO_LINES; line++)
        gpio_line_finalize(&guest->gpio, line);
}

void end_for_good(struct guest *guest)
{
    guest->turn.wake = SCHEDULE_NEVER;
    end_one();
}

void end_beside(void)
{
    end_one();
}

void end_exit(struct guest *guest, int32_t status)
{
    console_finish(guest);
    console_say("underlay: %s: ended, status %d\n", guest->name, status & 0xff);
    release_lines(guest);
}

void end_stop(struct guest *guest, const char *format, ...)
{
    char reason[REASON];
    va_list args;

    va_start(args, format);
    format_buffer_list(reason, sizeof(reason), format, args);
    va_end(args);
    console_finish(guest);
    console_say("underlay: %s: stopped, status 1: %s\n", guest->name, reason);
    release_lines(guest);
}

void end_if_all_have(void)
{
    if (this_core() != core_first() || is_over || __atomic_load_n(&living, __ATOMIC_ACQUIRE) > 0)
        return;
    is_over = true;
    console_say("underlay: all guests have ended\n");
    console_flush();
    if (!attention_is_awaited())
        power_end(false);
    console_say("underlay: the loader comes when it is called\n");
}
