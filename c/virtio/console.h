/* SPDX-License-Identifier: MIT */
/* The console as a virtio device with one port (virtio 1.2, section 5.3). Freestanding. */
#ifndef RPIKIT_VIRTIO_CONSOLE_H
#define RPIKIT_VIRTIO_CONSOLE_H

#include "virtio/mmio.h"

struct virtio_console {
    struct virtio virtio;
};

/* Makes the console of (host) a virtio device. */
void virtio_console_attach(struct virtio_console *it, struct host *host);

/* Hands the driver (size) bytes that were typed; returns how many it had room for. */
uint64_t virtio_console_type(struct virtio_console *it, const void *bytes, uint64_t size);

#endif
