/* SPDX-License-Identifier: MIT */
/* GPIO lines through Linux's GPIO character device, for drivers that build upon it. */
#ifndef RPIKIT_BACKENDS_LINUX_GPIO_CDEV_H
#define RPIKIT_BACKENDS_LINUX_GPIO_CDEV_H

#include "backends/linux/gpio_driver.h"

/* As gpio_driver.open. */
struct gpio_backend *gpio_cdev_open(const char *label, const struct gpio_wish *wishes, size_t count,
                                    struct gpio_trouble *trouble);

/* The level last given to each output, bit n for line n: whoever moves a line past the kernel keeps
 * it right, because the kernel is told all levels again whenever a direction changes. */
extern uint64_t gpio_cdev_levels;

#endif
