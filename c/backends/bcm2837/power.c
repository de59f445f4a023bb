/* SPDX-License-Identifier: MIT */
/* The end of the machine, by its watchdog (Linux bcm2835_wdt.c). */
#include "backends/bcm2837/power.h"

#include "backends/bcm2837/registers.h"

#define PASSWORD   UINT32_C(0x5a000000) /* in each write to the watchdog's registers */
#define FULL_RESET 0x20                 /* in PM_RSTC */
#define HALT       0x555                /* in PM_RSTS: boot from partition 63, which is none */
#define TICKS      10                   /* of 16 us each */

void power_end(bool boots_again)
{
    if (!boots_again)
        write32(RESET_STATUS, PASSWORD | HALT);
    write32(WATCHDOG_TICKS, PASSWORD | TICKS);
    write32(RESET_CONTROL, PASSWORD | FULL_RESET);
    for (;;)
        __asm__ volatile("wfi");
}
