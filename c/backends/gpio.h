/* SPDX-License-Identifier: MIT */
/* What moves a pin: the face of every GPIO backend. Levels here are electrical, high or low. */
#ifndef RPIKIT_BACKENDS_GPIO_H
#define RPIKIT_BACKENDS_GPIO_H

#include <stdbool.h>
#include <stdint.h>

struct gpio_backend {
    /* Each takes the line's number on its chip and returns false when the host failed. A line was
     * opened by the backend, with its pull and drive, before the guest started. */
    bool (*in)(struct gpio_backend *self, uint32_t line);
    bool (*out)(struct gpio_backend *self, uint32_t line, bool high);
    bool (*get)(struct gpio_backend *self, uint32_t line, bool *high);
    bool (*set)(struct gpio_backend *self, uint32_t line, bool high);
    /* Leaves the line as an input, which drives nothing. */
    bool (*release)(struct gpio_backend *self, uint32_t line);
};

#endif
