/* SPDX-License-Identifier: MIT */
/* Interrupts 49 to 52 of the GPIO block: pending while an event is detected and they are enabled.
 */
#include "underlay/edges/interrupts.h"

#include <stdbool.h>

#include "underlay/edges/gpio.h"

/* BCM2835 ARM Peripherals, section 7.5; 1: interrupts 0 to 31, 2: 32 to 63. */
enum {
    PENDING_BASIC = 0x200,
    PENDING_1 = 0x204,
    PENDING_2 = 0x208,
    FIQ_CONTROL = 0x20c,
    ENABLE_1 = 0x210,
    ENABLE_2 = 0x214,
    DISABLE_1 = 0x21c,
    DISABLE_2 = 0x220,
};

#define SOME_OF_1 (UINT32_C(1) << 8) /* of PENDING_BASIC */
#define SOME_OF_2 (UINT32_C(1) << 9)

/* In the registers of interrupts 32 to 63. Which lines raise which: Linux pinctrl-bcm2835.c. */
#define GPIO_0   (UINT32_C(1) << 17)
#define GPIO_1   (UINT32_C(1) << 18)
#define GPIO_2   (UINT32_C(1) << 19)
#define GPIO_ANY (UINT32_C(1) << 20)
#define GPIO_ALL (GPIO_0 | GPIO_1 | GPIO_2 | GPIO_ANY)

#define LINES_0  ((UINT64_C(1) << 28) - 1)
#define LINES_1  (((UINT64_C(1) << 46) - 1) & ~LINES_0)

static uint32_t enabled; /* of GPIO_ALL, by the guest */
static bool raised;

static uint32_t pending(void)
{
    const uint64_t events = gpio_detected();
    uint32_t lines = 0;

    if (events & LINES_0)
        lines |= GPIO_0;
    if (events & LINES_1)
        lines |= GPIO_1;
    if (events & ~(LINES_0 | LINES_1))
        lines |= GPIO_2;
    if (events != 0)
        lines |= GPIO_ANY;
    return lines & enabled;
}

uint32_t interrupts_read(uint32_t offset)
{
    const uint32_t chip = controller_read(offset);

    switch (offset) {
    case PENDING_BASIC: {
        const bool some_of_1 = (chip & SOME_OF_1) && (controller_read(PENDING_1) & ~STANDIN) != 0;
        return (chip & ~SOME_OF_1) | (some_of_1 ? SOME_OF_1 : 0) | (pending() ? SOME_OF_2 : 0);
    }
    case PENDING_1:
    case ENABLE_1:
    case DISABLE_1:
        return chip & ~STANDIN;
    case PENDING_2:
        return chip | pending();
    case ENABLE_2:
    case DISABLE_2:
        return (chip & ~GPIO_ALL) | enabled;
    default:
        return chip;
    }
}

void interrupts_write(uint32_t offset, uint32_t value)
{
    switch (offset) {
    case FIQ_CONTROL: /* FIQs are the underlay's */
        return;
    case ENABLE_1:
    case DISABLE_1:
        value &= ~STANDIN;
        break;
    case ENABLE_2:
        enabled |= value & GPIO_ALL;
        value &= ~GPIO_ALL;
        break;
    case DISABLE_2:
        enabled &= ~value;
        value &= ~GPIO_ALL;
        break;
    default:
        break;
    }
    controller_write(offset, value);
}

void interrupts_settle(void)
{
    const bool raise = pending() != 0;

    if (raise != raised)
        controller_write(raise ? ENABLE_1 : DISABLE_1, STANDIN);
    raised = raise;
}
