/* SPDX-License-Identifier: MIT */
/* The lines of the chip as its registers have them: what each is for, its pull, its level. */
#ifndef RPIKIT_BACKENDS_BCM2837_GPIO_H
#define RPIKIT_BACKENDS_BCM2837_GPIO_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/gpio.h"

#define PINS 54 /* BCM2835 ARM Peripherals, section 6.1 */

/* Codes of GPFSELn, table 6-2, and of GPPUD. */
enum pin_function { PIN_IN = 0, PIN_OUT = 1, PIN_ALT5 = 2, PIN_ALT0 = 4, PIN_ALT3 = 7 };
enum pin_pull { PULL_NONE = 0, PULL_DOWN = 1, PULL_UP = 2 };

/* (line) is below PINS. */
void gpio_pin_select(uint32_t line, enum pin_function function);
void gpio_pin_pull(uint32_t line, enum pin_pull pull);

/* Gives the bits of (mask) in word (at) of the block those of (value); others have the rest. */
void gpio_register_change(uint32_t at, uint32_t mask, uint32_t value);

/* The lines as the devices move them. It reports no edges: gpio_edge.h. */
extern struct gpio_backend gpio_pins;

/* The registers: where they are on the chip, or where a test has some. */
extern volatile uint32_t *gpio_registers;

#endif
