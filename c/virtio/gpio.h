/* SPDX-License-Identifier: MIT */
/* The lines a guest was granted as a virtio device (virtio 1.2, section 5.18). Freestanding. */
#ifndef RPIKIT_VIRTIO_GPIO_H
#define RPIKIT_VIRTIO_GPIO_H

#include "devices/gpio.h"
#include "virtio/mmio.h"

struct virtio_gpio_config {
    uint16_t lines; /* ngpio */
    uint16_t padding;
    uint32_t names_size; /* bytes of all names, each with a NUL */
};

/* A buffer of the driver's that waits for an edge. */
struct virtio_gpio_buffer {
    struct guest_addr status; /* 1 byte */
    uint16_t head;
};

/* Values are logical levels, as in calls: 1 is active. */
struct virtio_gpio {
    struct virtio virtio;
    struct gpio *gpio;
    struct virtio_gpio_config config;
    uint64_t taken;   /* bit n: line n was initialised through this door */
    uint64_t levels;  /* bit n: what line n will be once it is an output */
    uint64_t waiting; /* bit n: a buffer waits for an edge of line n */
    uint8_t triggers[GPIO_LINES];
    struct virtio_gpio_buffer buffers[GPIO_LINES];
};

/* Makes the lines 0 to (lines) - 1 of (host), whose manifest names them, a virtio device. */
void virtio_gpio_attach(struct virtio_gpio *it, struct host *host, uint32_t lines);

#endif
