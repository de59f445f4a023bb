/* SPDX-License-Identifier: MIT */
/* A driver for the lines of a guest as a virtio device: another way to what <solo5_gpio.h> does by
 * calls. For guests of the underlay that were granted a line; elsewhere the first access ends the
 * guest. Linked only into an application that uses it. */
#ifndef RPIKIT_GUEST_VIRTIO_GPIO_H
#define RPIKIT_GUEST_VIRTIO_GPIO_H

#include <stdbool.h>
#include <stdint.h>

enum virtio_direction { VIRTIO_NONE, VIRTIO_OUT, VIRTIO_IN };
enum virtio_trigger { VIRTIO_QUIET, VIRTIO_RISING, VIRTIO_FALLING, VIRTIO_BOTH };

/* Finds the device and begins to use it, with all lines as nobody's. False if it is none, or not
 * willing. Begins anew when it is called again. */
bool virtio_gpio_begin(void);

/* How many lines there are, granted or not. */
uint32_t virtio_gpio_lines(void);

/* Each takes a line by its number; false if the device refuses. Levels are logical. */
bool virtio_gpio_direct(uint16_t line, enum virtio_direction direction);
bool virtio_gpio_set(uint16_t line, bool active);
bool virtio_gpio_get(uint16_t line, bool *active);

/* Begins to watch edges of one line, an input; VIRTIO_QUIET ends it. */
bool virtio_gpio_watch(uint16_t line, enum virtio_trigger trigger);

/* Whether there was another edge of that line; each is told once. */
bool virtio_gpio_edge(void);

#endif
