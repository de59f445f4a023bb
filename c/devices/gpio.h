/* SPDX-License-Identifier: MIT */
/* The lines a guest was granted: who may do what to which pin. Freestanding. */
#ifndef RPIKIT_DEVICES_GPIO_H
#define RPIKIT_DEVICES_GPIO_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/manifest.h"
#include "abi/solo5.h"
#include "backends/gpio.h"

/* Lines of the largest chip served; a BCM2837 has 54 (BCM2835 ARM Peripherals, section 6.1). */
#define GPIO_LINES 64

enum gpio_state {
    GPIO_DENIED = 0, /* not granted */
    GPIO_GRANTED,    /* granted, not initialised by the guest */
    GPIO_READY,      /* initialised, no direction yet */
    GPIO_IN,
    GPIO_OUT,
};

struct gpio_line {
    enum gpio_state state;
    uint32_t flags; /* enum mft_line_flag */
};

/* Without a grant everything is denied: the zero value serves a guest that has no lines. */
struct gpio {
    struct gpio_backend *backend; /* set before the first grant */
    uint64_t refused; /* calls on lines that were not granted, or not granted for that */
    struct gpio_line lines[GPIO_LINES];
};

/* Grants (line) with (flags). False if there is no such line or it was granted before. */
bool gpio_grant(struct gpio *gpio, uint32_t line, uint32_t flags);

/* The guest's side. SOLO5_R_EINVAL: not granted, not granted for that direction, or not in the
 * state the call needs; SOLO5_R_EUNSPEC: the backend failed. Levels are logical: active or not. */
solo5_result_t gpio_init(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_finalize(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_in(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_out(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_get(struct gpio *gpio, uint32_t line, bool *active);
solo5_result_t gpio_set(struct gpio *gpio, uint32_t line, bool active);

#endif
