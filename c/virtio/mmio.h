/* SPDX-License-Identifier: MIT */
/* A virtio device as a window of registers (virtio 1.2, section 4.2, version 2). Freestanding.
 *
 * Only VIRTIO_F_VERSION_1 and what a class offers besides: no indirect descriptors, no event index.
 * Whatever a driver does that cannot be, its device stops until it is reset. */
#ifndef RPIKIT_VIRTIO_MMIO_H
#define RPIKIT_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/host.h"
#include "virtio/queue.h"

#define VIRTIO_WINDOW 0x200 /* bytes of registers and configuration */
#define VIRTIO_QUEUES 2

struct virtio;

/* What all devices of a kind share; what may be NULL says so. */
struct virtio_class {
    uint32_t id;       /* virtio 1.2, section 5 */
    uint64_t features; /* besides VERSION_1 */
    /* Descriptors of each queue at most, a power of two up to VIRTIO_QUEUE_MAX; 0: there is none.
     * It is also how many chains one notice can have served, and how long each can be. */
    uint16_t rooms[VIRTIO_QUEUES];
    /* There may be chains in queue (number). False: the driver is broken. */
    bool (*notify)(struct virtio *virtio, uint32_t number);
    /* Looks whether something has happened that the driver waits for. False as before. NULL:
     * nothing ever does by itself. */
    bool (*look)(struct virtio *virtio);
    /* What it holds of queue (number) is no longer there. NULL: it holds nothing. */
    void (*forget)(struct virtio *virtio, uint32_t number);
    /* The device is to be as new. NULL: it always is. */
    void (*reset)(struct virtio *virtio);
};

/* A device; those of a class begin with it. */
struct virtio {
    const struct virtio_class *class;
    struct host *host; /* whose memory, and whose devices */
    const void *config;
    uint32_t config_size;   /* bytes */
    uint32_t status;        /* virtio 1.2, section 2.1 */
    uint32_t interrupts;    /* of InterruptStatus */
    uint32_t offered_word;  /* which 32 features DeviceFeatures shows */
    uint32_t accepted_word; /* which 32 features DriverFeatures takes */
    uint32_t queue;         /* the registers of which queue are there */
    uint64_t accepted;      /* features */
    struct virtio_queue queues[VIRTIO_QUEUES];
    struct virtio_chain chain; /* the one being served; too large for a stack */
};

/* Makes a device of (class) for (host); all of (config), which stays the caller's, can be read. */
void virtio_attach(struct virtio *virtio, const struct virtio_class *class, struct host *host,
                   const void *config, uint32_t config_size);

/* The driver loads or stores (size) bytes at (offset) of the window: registers by 4, configuration
 * by 1, 2 or 4, aligned. Anything else loads 0 and stores nothing. */
uint32_t virtio_load(struct virtio *virtio, uint32_t offset, uint32_t size);
void virtio_store(struct virtio *virtio, uint32_t offset, uint32_t size, uint32_t value);

/* Looks at the device; says whether its interrupt is raised. Reading InterruptStatus does the same,
 * for a driver that has no interrupts. */
bool virtio_look(struct virtio *virtio);

/* For classes. Whether the driver is there and has begun queue (number). */
bool virtio_is_live(const struct virtio *virtio, uint32_t number);

/* Takes each chain of queue (number) there is now, has (serve) serve it and say how many bytes it
 * has written, and gives it back. False: the driver is broken. */
bool virtio_serve(struct virtio *virtio, uint32_t number,
                  bool (*serve)(struct virtio *virtio, const struct virtio_chain *chain,
                                uint32_t *written));

/* Gives chain (head) of queue (number) back. False: the driver is broken. */
bool virtio_give(struct virtio *virtio, uint32_t number, uint16_t head, uint32_t written);

/* Stops the device until it is reset. */
void virtio_break(struct virtio *virtio);

#endif
