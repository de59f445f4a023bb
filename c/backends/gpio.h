/* SPDX-License-Identifier: MIT */
/* What moves a pin: the face of every GPIO backend. Levels here are electrical, high or low. */
#ifndef RPIKIT_BACKENDS_GPIO_H
#define RPIKIT_BACKENDS_GPIO_H

#include <stdbool.h>
#include <stdint.h>

/* An edge that the chip reported. */
struct gpio_edge {
    uint64_t at;   /* ns, of backend_clock_monotonic() */
    uint32_t line; /* number on its chip */
    uint32_t lost; /* edges of the line that were lost between the one before and this one */
    bool high;     /* the level after it */
};

struct gpio_backend {
    /* Each takes the line's number on its chip, or bit n for line n, and returns false when the
     * host failed. A line was opened by the backend, with its pull and drive, before the guest
     * started. */
    bool (*in)(struct gpio_backend *self, uint32_t line, bool rising, bool falling);
    bool (*out)(struct gpio_backend *self, uint32_t line, bool high);
    bool (*get)(struct gpio_backend *self, uint64_t lines, uint64_t *high);
    bool (*set)(struct gpio_backend *self, uint64_t lines, uint64_t high);
    /* Leaves the line as an input, which drives nothing. */
    bool (*release)(struct gpio_backend *self, uint32_t line);
    /* Takes the oldest edge reported of any line whose edges were asked for with in(). False if
     * there is none. NULL if this way to the lines, or this chip, reports none; a backend that
     * finds out in in() sets it to NULL. */
    bool (*edge)(struct gpio_backend *self, struct gpio_edge *edge);
};

#endif
