/* SPDX-License-Identifier: MIT */
/* The real registers beneath those that the guest sees. */
#include "underlay/edges/chip.h"

#include "backends/bcm2837/registers.h"
#include "underlay/edges/gpio.h"
#include "underlay/edges/interrupts.h"

#define DELAY 100 /* us until compare 1 */

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
