/* SPDX-License-Identifier: MIT */
/* The GPIO registers of a Raspberry Pi in this process. */
#ifndef RPIKIT_BACKENDS_LINUX_GPIO_MMIO_H
#define RPIKIT_BACKENDS_LINUX_GPIO_MMIO_H

#include <stdint.h>

/* The first of them, at the start of a page; NULL unless lines were opened by --gpio=mmio. */
extern volatile uint32_t *gpio_mmio_registers;

#endif
