/* SPDX-License-Identifier: MIT */
/* The GPIO block with the lines of one kernel in it (BCM2835 ARM Peripherals, section 6.1). */
#include "underlay/linux/lines.h"

#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/gpio_edge.h"

enum {
    GPFSEL0 = 0x00,
    GPFSEL5 = 0x14,
    GPSET0 = 0x1c, /* the first of many pairs: a bit for each line */
    GPCLR0 = 0x28,
    GPLEV0 = 0x34,
    GPEDS0 = 0x40,
    GPAFEN0 = 0x88, /* the last of those that follow each other so */
    GPPUD = 0x94,   /* of whichever lines GPPUDCLK then names */
    GPPUDCLK0 = 0x98,
    GPPUDCLK1 = 0x9c,
};

#define WORD        4 /* bytes */
#define STRIDE      0xc
#define OF_SELECTOR 10
#define PULLS       UINT32_C(3)

static uint64_t own;

void lines_give(uint64_t lines)
{
    own = lines & ((UINT64_C(1) << PINS) - 1);
}

/* Its own bits of the selector of lines from (first) on. */
static uint32_t selectors(uint32_t first)
{
    uint32_t mask = 0;

    for (uint32_t i = 0; i < OF_SELECTOR; i++)
        mask |= own >> (first + i) & 1 ? UINT32_C(7) << 3 * i : 0;
    return mask;
}

/* Its own bits of the register at (offset); 0 where there is none. */
static uint32_t mask_of(uint32_t offset)
{
    if (offset % WORD != 0)
        return 0;
    if (offset <= GPFSEL5)
        return selectors((offset - GPFSEL0) / WORD * OF_SELECTOR);
    if (offset >= GPSET0 && offset <= GPAFEN0 + WORD && (offset - GPSET0) % STRIDE <= WORD)
        return (uint32_t)(own >> 8 * ((offset - GPSET0) % STRIDE));
    if (offset == GPPUDCLK0 || offset == GPPUDCLK1)
        return (uint32_t)(own >> 8 * (offset - GPPUDCLK0));
    return offset == GPPUD ? PULLS : 0;
}

uint32_t lines_load(uint32_t offset)
{
    const uint32_t mask = mask_of(offset);

    return mask ? gpio_register_read(offset / WORD) & mask : 0;
}

/* Bits of these do something where they are 1, and nothing where they are 0. */
static int is_order(uint32_t offset)
{
    return (offset >= GPSET0 && offset < GPLEV0) || offset == GPEDS0 || offset == GPEDS0 + WORD ||
           offset >= GPPUD;
}

void lines_store(uint32_t offset, uint32_t value)
{
    const uint32_t mask = mask_of(offset);

    if (mask == 0 || offset == GPLEV0 || offset == GPLEV0 + WORD)
        return;
    if (is_order(offset))
        gpio_register_write(offset / WORD, value & mask);
    else
        gpio_register_change(offset / WORD, mask, value);
}

void lines_take_back(void)
{
    for (uint32_t line = 0; line < PINS; line++) {
        const uint32_t selector = gpio_register_read(line / OF_SELECTOR);
        if ((own >> line & 1) && (selector >> 3 * (line % OF_SELECTOR) & 7) == PIN_OUT)
            gpio_pin_select(line, PIN_IN);
    }
}
