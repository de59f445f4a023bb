/* SPDX-License-Identifier: MIT */
/* A small virtio driver: the guest's side of a device, good or hostile, in 64 KiB of memory. */
#ifndef RPIKIT_TESTS_VIRTIO_DRIVER_H
#define RPIKIT_TESTS_VIRTIO_DRIVER_H

#include "check.h"

#include "dispatch/host.h"
#include "virtio/mmio.h"

#define MEMORY   0x10000
#define READONLY 0x1000                  /* bytes from 0 that calls must not write */
#define QUEUE(n) (0x2000 + 0x1000 * (n)) /* its table; the rings are behind it */
#define RING(n)  (QUEUE(n) + 0x800)
#define USED(n)  (QUEUE(n) + 0xa00)
#define DATA     0x8000 /* where buffers may lie */

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { NEEDS_RESET = 64 };

/* Offsets of registers. */
enum {
    AT_MAGIC = 0x00,
    AT_VERSION = 0x04,
    AT_DEVICE = 0x08,
    AT_OFFERED = 0x10,
    AT_OFFERED_WORD = 0x14,
    AT_ACCEPTED = 0x20,
    AT_ACCEPTED_WORD = 0x24,
    AT_QUEUE = 0x30,
    AT_QUEUE_ROOM = 0x34,
    AT_QUEUE_SIZE = 0x38,
    AT_QUEUE_READY = 0x44,
    AT_NOTIFY = 0x50,
    AT_INTERRUPTS = 0x60,
    AT_INTERRUPTS_TAKEN = 0x64,
    AT_STATUS = 0x70,
    AT_DESCRIPTORS = 0x80,
    AT_DRIVER = 0x90,
    AT_DEVICE_RING = 0xa0,
    AT_SHARED_SIZE = 0xb0,
    AT_CONFIG = 0x100,
};

struct part {
    uint64_t at;
    uint32_t size;
    uint16_t flags; /* WRITE or none; NEXT comes by itself */
};

static uint8_t memory[MEMORY] __attribute__((aligned(4096)));
static struct virtio *device;

static inline uint32_t get(uint32_t offset)
{
    return virtio_load(device, offset, 4);
}

static inline void set(uint32_t offset, uint32_t value)
{
    virtio_store(device, offset, 4, value);
}

static inline void poke(uint64_t at, uint64_t value, size_t size)
{
    memcpy(memory + at, &value, size);
}

static inline uint64_t peek(uint64_t at, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, memory + at, size);
    return value;
}

/* A guest of (host) with empty memory. */
static inline void begin_guest(struct host *host)
{
    memset(memory, 0, sizeof(memory));
    *host = (struct host){.memory = {.base = (uintptr_t)memory, .size = sizeof(memory)}};
    CHECK(guest_protect(&host->memory, 0, READONLY));
}

static inline void set_queue(uint32_t number, uint32_t size)
{
    memset(memory + QUEUE(number), 0, 0x1000);
    set(AT_QUEUE, number);
    set(AT_QUEUE_SIZE, size);
    set(AT_DESCRIPTORS, QUEUE(number));
    set(AT_DESCRIPTORS + 4, 0);
    set(AT_DRIVER, RING(number));
    set(AT_DRIVER + 4, 0);
    set(AT_DEVICE_RING, USED(number));
    set(AT_DEVICE_RING + 4, 0);
    set(AT_QUEUE_READY, 1);
}

/* From reset to DRIVER_OK, with (count) queues of (size) and all that is offered. */
static inline void begin_driver(struct virtio *with, uint32_t count, uint32_t size)
{
    device = with;
    set(AT_STATUS, 0);
    set(AT_STATUS, 1);
    set(AT_STATUS, 1 | 2);
    for (uint32_t word = 0; word < 2; word++) {
        set(AT_OFFERED_WORD, word);
        set(AT_ACCEPTED_WORD, word);
        set(AT_ACCEPTED, get(AT_OFFERED));
    }
    set(AT_STATUS, 1 | 2 | 8);
    CHECK_EQUAL(get(AT_STATUS), 1 | 2 | 8);
    for (uint32_t i = 0; i < count; i++) {
        set_queue(i, size);
        CHECK_EQUAL(get(AT_QUEUE_READY), 1);
    }
    set(AT_STATUS, 1 | 2 | 8 | 4);
    CHECK_EQUAL(get(AT_STATUS), 1 | 2 | 8 | 4);
}

static inline void describe(uint32_t number, uint16_t index, struct part part, uint16_t next)
{
    const uint64_t at = QUEUE(number) + 16 * (uint64_t)index;

    poke(at, part.at, 8);
    poke(at + 8, part.size, 4);
    poke(at + 12, part.flags, 2);
    poke(at + 14, next, 2);
}

/* Puts descriptor (head) into the ring, and tells nobody. */
static inline void offer(uint32_t number, uint16_t head, uint16_t size)
{
    const uint64_t index = peek(RING(number) + 2, 2);

    poke(RING(number) + 4 + 2 * (index % size), head, 2);
    poke(RING(number) + 2, index + 1, 2);
}

/* Makes a chain of (count) parts from descriptor (head) on. */
static inline void chain(uint32_t number, uint16_t head, const struct part *parts, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        struct part part = parts[i];
        if (i + 1 < count)
            part.flags |= NEXT;
        describe(number, head + i, part, head + i + 1);
    }
}

/* The last chain that came back: its name, and the bytes written. */
struct came_back {
    uint32_t head, written;
};

static inline uint16_t used_count(uint32_t number)
{
    return (uint16_t)peek(USED(number) + 2, 2);
}

static inline struct came_back last_used(uint32_t number, uint16_t size)
{
    const uint64_t at = USED(number) + 4 + 8 * ((used_count(number) - UINT64_C(1)) % size);

    return (struct came_back){(uint32_t)peek(at, 4), (uint32_t)peek(at + 4, 4)};
}

/* Whether the device has stopped, as it should for a driver that is broken. */
static inline int is_broken(void)
{
    return (get(AT_STATUS) & NEEDS_RESET) != 0;
}

#endif
