/* SPDX-License-Identifier: MIT */
/* A split virtqueue in a guest's memory (virtio 1.2, section 2.7). Freestanding. */
#ifndef RPIKIT_VIRTIO_QUEUE_H
#define RPIKIT_VIRTIO_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/guest_memory.h"

#define VIRTIO_QUEUE_MAX 128 /* descriptors: two for each of 64 lines wait for an edge */

struct virtio_queue {
    struct guest_addr descriptors, driver, device; /* the table and the two rings */
    uint16_t size;                                 /* descriptors, a power of two */
    bool is_ready;
    uint16_t next;  /* in the driver's ring: the first that was not taken */
    uint16_t limit; /* in the driver's ring: where it ended when it was looked at */
    uint16_t used;  /* chains that were given back, ever */
};

/* Part of a chain: bytes that the door gave for its direction. */
struct virtio_span {
    struct guest_addr at;
    uint8_t *bytes; /* at (at) */
    uint32_t size;
};

/* A chain of descriptors as it was when it was taken: first what the device reads. */
struct virtio_chain {
    uint16_t head;               /* its name in the ring */
    uint16_t readable, writable; /* spans */
    uint64_t in_size, out_size;  /* bytes that the device may read, and write: together 32 bits */
    struct virtio_span spans[VIRTIO_QUEUE_MAX];
};

/* Begins a queue that was described: false if its size is none, or one of its three parts is not
 * aligned or not the guest's to give. */
bool virtio_queue_start(struct virtio_queue *queue, const struct guest_memory *memory);

/* Looks how far the driver is. False if it cannot be there: more chains than the queue has room. */
bool virtio_queue_look(struct virtio_queue *queue, const struct guest_memory *memory);

/* Whether there was a chain to take at the last look. */
static inline bool virtio_queue_has(const struct virtio_queue *queue)
{
    return queue->next != queue->limit;
}

/* Takes the next chain, of which every descriptor is fetched once and every byte is checked. False
 * if it is broken: endless, too long for 32 bits, with parts in the wrong order or outside memory,
 * or indirect. */
bool virtio_queue_take(struct virtio_queue *queue, const struct guest_memory *memory,
                       struct virtio_chain *chain);

/* Gives chain (head) back with (written) bytes. *(is_awaited): the driver wants to be told. */
bool virtio_queue_give(struct virtio_queue *queue, const struct guest_memory *memory, uint16_t head,
                       uint32_t written, bool *is_awaited);

/* A place in the bytes of some spans. */
struct virtio_cursor {
    const struct virtio_span *span;
    uint32_t spans;  /* left, with this one */
    uint64_t offset; /* into them, bytes */
};

/* The place (offset) bytes into what the device reads, or writes. */
struct virtio_cursor virtio_readable(const struct virtio_chain *chain, uint64_t offset);
struct virtio_cursor virtio_writable(const struct virtio_chain *chain, uint64_t offset);

/* Passes bytes that lie together, at most (size), 1 or more, and puts their number into *(some).
 * Their first one, or NULL: there are no more. */
uint8_t *virtio_next(struct virtio_cursor *cursor, uint64_t size, uint64_t *some);

/* Copies up to (size) bytes, from (offset) on, of what the device reads; returns how many. */
uint64_t virtio_chain_in(const struct virtio_chain *chain, uint64_t offset, void *to,
                         uint64_t size);

/* Copies up to (size) bytes to what the device writes, from (offset) on; returns how many. */
uint64_t virtio_chain_out(const struct virtio_chain *chain, uint64_t offset, const void *from,
                          uint64_t size);

#endif
