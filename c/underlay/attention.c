/* SPDX-License-Identifier: MIT */
/* The way back to the loader, by the chip's watchdog: the firmware loads it again. */
#include "underlay/attention.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/power.h"
#include "backends/bcm2837/uart.h"
#include "loader/protocol.h"
#include "underlay/layout.h"

/* The port keeps 16 bytes, and the call has fewer: it is seen whole when it came since. */
#define PERIOD UINT64_C(20000000) /* ns */

_Static_assert(LOADER_IMAGE == LAYOUT_IMAGE && LOADER_LIMIT == LAYOUT_OWN - LAYOUT_IMAGE,
               "what the loader takes, the underlay has room for");

static bool is_awaited;
static uint32_t heard; /* bytes of the call */
static uint64_t next;  /* time to look */

void attention_begin(uint64_t x0)
{
    is_awaited = x0 == LOADER_MAGIC;
}

bool attention_is_awaited(void)
{
    return is_awaited;
}

/* The call has a zero at both ends, and nowhere else. */
static bool is_called(uint8_t byte)
{
    static const char call[] = LOADER_ATTENTION;

    if (byte == (uint8_t)call[heard])
        return ++heard == LOADER_ATTENTION_SIZE;
    heard = byte == 0;
    return false;
}

uint64_t attention_look(uint64_t now)
{
    uint8_t byte;

    if (now < next)
        return next;
    while (uart_receive(&byte)) {
        if (!is_called(byte))
            continue;
        uart_say("\r\nunderlay: reset, for the loader\r\n");
        uart_drain();
        power_end(true);
    }
    next = now + clock_ticks_of(PERIOD);
    return next;
}
