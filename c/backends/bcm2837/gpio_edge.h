/* SPDX-License-Identifier: MIT */
/* The edges that the chip itself detects on its lines. */
#ifndef RPIKIT_BACKENDS_BCM2837_GPIO_EDGE_H
#define RPIKIT_BACKENDS_BCM2837_GPIO_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/gpio.h"

/* The chip's lines as one guest moves them, with the edges of those that it asked for. */
struct gpio_reported {
    struct gpio_backend backend;
    uint64_t lines; /* bit n: edges of line n are wanted */
};

/* Whether the chip has the registers that edges need, which QEMU's has not. For the start: no line
 * detects any afterwards. */
bool gpio_edges_found(void);

/* Makes (own) for a guest. */
void gpio_edges_report(struct gpio_reported *own);

/* Takes what the chip has detected until (now), ns of backend_clock_monotonic(); bit n: line n has
 * new edges. Of more than two between two calls two are known of, or one. */
uint64_t gpio_edges_collect(uint64_t now);

/* Word (at) of the block; of gpio_register.c, or of a test. */
uint32_t gpio_register_read(uint32_t at);
void gpio_register_write(uint32_t at, uint32_t value);

#endif
