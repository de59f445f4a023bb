/* SPDX-License-Identifier: MIT */
/* The chip's watchdog (Linux bcm2835_wdt.c). */
#include "backends/bcm2837/watchdog.h"

#include "backends/bcm2837/registers.h"

enum {
    CONTROL = (RESET_CONTROL - WATCHDOG) / 4,
    LEFT = (WATCHDOG_TICKS - WATCHDOG) / 4,
};

#define PASSWORD   UINT32_C(0x5a000000) /* in each write */
#define HIGHEST    UINT32_C(0xff000000) /* read as zero, but for the password */
#define WHAT       UINT32_C(0x30)       /* in CONTROL: what it does in the end */
#define FULL_RESET UINT32_C(0x20)

volatile uint32_t *watchdog_registers = (volatile uint32_t *)WATCHDOG;

void watchdog_feed(uint32_t seconds)
{
    const uint32_t others = watchdog_registers[CONTROL] & ~(HIGHEST | WHAT);

    watchdog_registers[LEFT] = PASSWORD | seconds << 16;
    watchdog_registers[CONTROL] = PASSWORD | others | FULL_RESET;
}
