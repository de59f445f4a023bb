/* SPDX-License-Identifier: MIT */
/* The words of the GPIO block, on the chip. */
#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/gpio_edge.h"

uint32_t gpio_register_read(uint32_t at)
{
    return gpio_registers[at];
}

void gpio_register_write(uint32_t at, uint32_t value)
{
    gpio_registers[at] = value;
}
