/* SPDX-License-Identifier: MIT */
/* Moves lines of a Raspberry Pi through its registers, for a guest that was given the page with
 * them (solo5_gpio_page). Levels are electrical, lines have their numbers on the chip, directions
 * and pulls are set by the calls of solo5_gpio.h: nothing here asks what was granted. */
#ifndef RPIKIT_GPIO_PAGE_H
#define RPIKIT_GPIO_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Offsets in the page: BCM2835 ARM Peripherals, table 6-1. The next register has lines 32 to 53. */
#define GPIO_PAGE_SET   0x1c
#define GPIO_PAGE_CLEAR 0x28
#define GPIO_PAGE_LEVEL 0x34

static inline volatile uint32_t *gpio_page_register(uint64_t page, uint32_t offset, uint32_t line)
{
    return (volatile uint32_t *)(uintptr_t)(page + offset + line / 32 * 4);
}

/* Makes (line), an output, high or low. */
static inline void gpio_page_set(uint64_t page, uint32_t line, bool high)
{
    *gpio_page_register(page, high ? GPIO_PAGE_SET : GPIO_PAGE_CLEAR, line) = UINT32_C(1)
                                                                               << line % 32;
}

/* Whether (line) is high. */
static inline bool gpio_page_get(uint64_t page, uint32_t line)
{
    return (*gpio_page_register(page, GPIO_PAGE_LEVEL, line) >> line % 32 & 1) != 0;
}

#endif
