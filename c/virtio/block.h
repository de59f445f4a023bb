/* SPDX-License-Identifier: MIT */
/* A block device as virtio has it (virtio 1.2, section 5.2). Freestanding. */
#ifndef RPIKIT_VIRTIO_BLOCK_H
#define RPIKIT_VIRTIO_BLOCK_H

#include "abi/solo5.h"
#include "virtio/mmio.h"

struct virtio_block_config {
    uint64_t capacity;     /* sectors of 512 bytes */
    uint32_t size_max;     /* not offered */
    uint32_t segments_max; /* of the data of one request */
    uint32_t geometry;     /* not offered */
    uint32_t block_size;   /* bytes, of what the guest should transfer at once */
};

struct virtio_block {
    struct virtio virtio;
    solo5_handle_t handle;
    struct virtio_block_config config;
};

/* Makes the block device (handle) of (host) a virtio device; false if there is none. */
bool virtio_block_attach(struct virtio_block *it, struct host *host, solo5_handle_t handle);

#endif
