/* SPDX-License-Identifier: MIT */
/* A split virtqueue, whose driver is not believed (virtio 1.2, section 2.7). */
#include "virtio/queue.h"

#define DESCRIPTOR_NEXT     UINT16_C(1)
#define DESCRIPTOR_WRITE    UINT16_C(2) /* by the device */
#define DESCRIPTOR_INDIRECT UINT16_C(4)
#define DRIVER_IS_QUIET     UINT16_C(1) /* flags of its ring: it does not want to be told */

#define INDEX_AT            2 /* bytes into each ring, which begins with its flags */
#define RING_AT             4

#define DESCRIPTOR_ALIGN    16
#define DRIVER_ALIGN        2
#define DEVICE_ALIGN        4

struct descriptor {
    uint64_t at;   /* guest address */
    uint32_t size; /* bytes */
    uint16_t flags, next;
};

struct used {
    uint32_t head, written;
};

_Static_assert(sizeof(struct descriptor) == 16, "virtio 1.2, section 2.7.5");
_Static_assert(sizeof(struct used) == 8, "virtio 1.2, section 2.7.8");

/* What calls name (at), which the driver names as devices do. */
static struct guest_addr named(const struct guest_memory *memory, uint64_t at)
{
    return (struct guest_addr){at - memory->bus};
}

static const void *table_of(const struct virtio_queue *queue, const struct guest_memory *memory)
{
    return guest_in(memory, named(memory, queue->descriptors.at),
                    queue->size * sizeof(struct descriptor), DESCRIPTOR_ALIGN);
}

static const uint8_t *driver_ring(const struct virtio_queue *queue,
                                  const struct guest_memory *memory)
{
    return guest_in(memory, named(memory, queue->driver.at),
                    RING_AT + queue->size * sizeof(uint16_t), DRIVER_ALIGN);
}

static uint8_t *device_ring(const struct virtio_queue *queue, const struct guest_memory *memory)
{
    return guest_out(memory, named(memory, queue->device.at),
                     RING_AT + queue->size * sizeof(struct used), DEVICE_ALIGN);
}

static uint16_t fetch(const uint8_t *at)
{
    return __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

bool virtio_queue_start(struct virtio_queue *queue, const struct guest_memory *memory)
{
    const uint16_t size = queue->size;

    if (size == 0 || size > VIRTIO_QUEUE_MAX || (size & (size - 1)) != 0)
        return false;
    if (!table_of(queue, memory) || !driver_ring(queue, memory) || !device_ring(queue, memory))
        return false;
    queue->next = queue->limit = queue->used = 0;
    queue->is_ready = true;
    return true;
}

bool virtio_queue_look(struct virtio_queue *queue, const struct guest_memory *memory)
{
    const uint8_t *const ring = driver_ring(queue, memory);

    if (!ring)
        return false;
    const uint16_t limit = fetch(ring + INDEX_AT);
    if ((uint16_t)(limit - queue->next) > queue->size)
        return false;
    queue->limit = limit;
    return true;
}

/* Adds the bytes of a descriptor: what is read comes before what is written. */
static bool add(struct virtio_chain *chain, const struct guest_memory *memory,
                const struct descriptor *it)
{
    const struct guest_addr at = named(memory, it->at);
    const uint32_t count = (uint32_t)chain->readable + chain->writable;
    const bool is_out = (it->flags & DESCRIPTOR_WRITE) != 0;
    const void *const bytes =
        is_out ? guest_out(memory, at, it->size, 1) : guest_in(memory, at, it->size, 1);

    if (!bytes || (!is_out && chain->writable > 0) ||
        it->size > UINT32_MAX - chain->in_size - chain->out_size)
        return false;
    chain->spans[count] = (struct virtio_span){at, (uint8_t *)(uintptr_t)bytes, it->size};
    if (is_out) {
        chain->writable++;
        chain->out_size += it->size;
    } else {
        chain->readable++;
        chain->in_size += it->size;
    }
    return true;
}

bool virtio_queue_take(struct virtio_queue *queue, const struct guest_memory *memory,
                       struct virtio_chain *chain)
{
    const uint8_t *const ring = driver_ring(queue, memory);
    const struct descriptor *const table = table_of(queue, memory);

    if (!ring || !table)
        return false;
    uint16_t at = fetch(ring + RING_AT + sizeof(uint16_t) * (queue->next++ % queue->size));
    chain->head = at;
    chain->readable = chain->writable = 0;
    chain->in_size = chain->out_size = 0;
    for (uint16_t i = 0; i < queue->size && at < queue->size; i++) {
        struct descriptor it;
        guest_copy(&it, &table[at], sizeof(it));
        if ((it.flags & DESCRIPTOR_INDIRECT) || !add(chain, memory, &it))
            return false;
        if (!(it.flags & DESCRIPTOR_NEXT))
            return true;
        at = it.next;
    }
    return false;
}

bool virtio_queue_give(struct virtio_queue *queue, const struct guest_memory *memory, uint16_t head,
                       uint32_t written, bool *is_awaited)
{
    const struct used used = {head, written};
    uint8_t *const ring = device_ring(queue, memory);
    const uint8_t *const driver = driver_ring(queue, memory);

    if (!ring || !driver)
        return false;
    guest_copy(ring + RING_AT + sizeof(used) * (queue->used++ % queue->size), &used, sizeof(used));
    __atomic_store_n((uint16_t *)(void *)(ring + INDEX_AT), queue->used, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* before the driver's wish, or both could miss it */
    *is_awaited = !(fetch(driver) & DRIVER_IS_QUIET);
    return true;
}

struct virtio_cursor virtio_readable(const struct virtio_chain *chain, uint64_t offset)
{
    return (struct virtio_cursor){chain->spans, chain->readable, offset};
}

struct virtio_cursor virtio_writable(const struct virtio_chain *chain, uint64_t offset)
{
    return (struct virtio_cursor){chain->spans + chain->readable, chain->writable, offset};
}

uint8_t *virtio_next(struct virtio_cursor *cursor, uint64_t size, uint64_t *some)
{
    for (; cursor->spans > 0; cursor->span++, cursor->spans--) {
        const struct virtio_span *const span = cursor->span;
        if (cursor->offset >= span->size) {
            cursor->offset -= span->size;
            continue;
        }
        uint8_t *const bytes = span->bytes + cursor->offset;
        const uint64_t left = span->size - cursor->offset;
        *some = size < left ? size : left;
        cursor->offset += *some;
        return bytes;
    }
    return NULL;
}

uint64_t virtio_chain_in(const struct virtio_chain *chain, uint64_t offset, void *to, uint64_t size)
{
    struct virtio_cursor cursor = virtio_readable(chain, offset);
    uint64_t moved = 0, some;
    const uint8_t *bytes;

    for (; moved < size && (bytes = virtio_next(&cursor, size - moved, &some)); moved += some)
        guest_copy((uint8_t *)to + moved, bytes, some);
    return moved;
}

uint64_t virtio_chain_out(const struct virtio_chain *chain, uint64_t offset, const void *from,
                          uint64_t size)
{
    struct virtio_cursor cursor = virtio_writable(chain, offset);
    uint64_t moved = 0, some;
    uint8_t *bytes;

    for (; moved < size && (bytes = virtio_next(&cursor, size - moved, &some)); moved += some)
        guest_copy(bytes, (const uint8_t *)from + moved, some);
    return moved;
}
