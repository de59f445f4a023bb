/* SPDX-License-Identifier: MIT */
/* Tells the operator that edges are found by sampling. */
#ifndef RPIKIT_TENDER_GPIO_SAMPLED_H
#define RPIKIT_TENDER_GPIO_SAMPLED_H

#include "devices/gpio.h"

/* Once (gpio), of which the options are read, turns out to report no edges. */
void gpio_sampled_watch(struct gpio *gpio);

#endif
