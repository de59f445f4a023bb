/* SPDX-License-Identifier: MIT */
/* The real registers beneath those that the guest sees. */
#include "underlay/chip.h"

#include "underlay/gpio.h"
#include "underlay/interrupts.h"
#include "underlay/registers.h"

#define PASSWORD   UINT32_C(0x5a000000) /* in each write to the watchdog's registers */
#define FULL_RESET 0x20                 /* in PM_RSTC */
#define HALT       0x555                /* in PM_RSTS: boot from partition 63, which is none */
#define TICKS      10                   /* of 16 us each */
#define DELAY      100                  /* us until compare 1 */
#define FULL       (UINT32_C(1) << 5)   /* in the PL011's flag register at 0x18 */

uint32_t chip_read(uint32_t offset)
{
    return read32(GPIO + offset);
}

void chip_write(uint32_t offset, uint32_t value)
{
    write32(GPIO + offset, value);
}

uint32_t controller_read(uint32_t offset)
{
    return read32(CONTROLLER + offset);
}

void controller_write(uint32_t offset, uint32_t value)
{
    write32(CONTROLLER + offset, value);
}

void chip_prepare(void)
{
    while (!(read32(TIMER_CONTROL) & STANDIN)) { /* again if it was missed */
        const uint32_t begun = read32(TIMER_COUNTER);
        write32(TIMER_COMPARE_1, begun + DELAY);
        while (!(read32(TIMER_CONTROL) & STANDIN) && read32(TIMER_COUNTER) - begun < 2 * DELAY)
            ;
    }
}

void chip_wake(uint32_t core)
{
    write32(CORE_MAILBOX_3_SET(core), 1);
}

void chip_end(bool boots_again)
{
    if (!boots_again)
        write32(RESET_STATUS, PASSWORD | HALT);
    write32(WATCHDOG_TICKS, PASSWORD | TICKS);
    write32(RESET_CONTROL, PASSWORD | FULL_RESET);
    for (;;)
        __asm__ volatile("wfi");
}

void chip_say(const char *text)
{
    for (; *text != '\0'; text++) {
        while (read32(UART + 0x18) & FULL)
            ;
        write32(UART, (uint8_t)*text);
    }
}
