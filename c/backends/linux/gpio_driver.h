/* SPDX-License-Identifier: MIT */
/* The ways Linux offers to GPIO lines; each is a gpio_driver, found by being linked in. */
#ifndef RPIKIT_BACKENDS_LINUX_GPIO_DRIVER_H
#define RPIKIT_BACKENDS_LINUX_GPIO_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/manifest.h"
#include "backends/gpio.h"

#define GPIO_DRIVER_LINES 64 /* of the largest chip served */

/* A line to open, with enum mft_line_flag. */
struct gpio_wish {
    uint32_t line;
    uint32_t flags;
};

/* Why a driver could not open, in one line with the remedy. */
struct gpio_trouble {
    char text[320];
};

struct gpio_driver {
    const char *name; /* for --gpio= */
    /* Opens (count) lines of the chip labelled (label), or of a Raspberry Pi's own if that is
     * NULL, and leaves them as they are. NULL and (trouble) filled in when that fails. */
    struct gpio_backend *(*open)(const char *label, const struct gpio_wish *wishes, size_t count,
                                 struct gpio_trouble *trouble);
};

/* Whether a chip labelled (found) is the one asked for. */
bool gpio_label_fits(const char *label, const char *found);

/* Linking the file is enough: whoever opens lines finds all drivers from gpio_drivers on. */
#define GPIO_DRIVER(name)                                                                          \
    static const struct gpio_driver *const name##_driver                                           \
        __attribute__((used, section("gpio_drivers"))) = &(name)

extern const struct gpio_driver *const gpio_drivers[] __asm__("__start_gpio_drivers");
extern const struct gpio_driver *const gpio_drivers_end[] __asm__("__stop_gpio_drivers");

#endif
