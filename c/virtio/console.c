/* SPDX-License-Identifier: MIT */
/* What a driver sends goes straight to the backend (virtio 1.2, section 5.3). */
#include "virtio/console.h"

#include <stddef.h>

#include "backends/console.h"

#define DEVICE_CONSOLE 3

enum { RECEIVE = 0, TRANSMIT = 1 };

static bool send(struct virtio *virtio, const struct virtio_chain *chain, uint32_t *written)
{
    struct virtio_cursor cursor = virtio_readable(chain, 0);
    const uint8_t *bytes;
    uint64_t some;

    (void)virtio;
    *written = 0;
    if (chain->writable > 0)
        return false;
    while ((bytes = virtio_next(&cursor, UINT64_MAX, &some)))
        backend_console_write((const char *)bytes, (size_t)some);
    return true;
}

static bool notify(struct virtio *virtio, uint32_t number)
{
    return number != TRANSMIT || virtio_serve(virtio, number, send);
}

/* Empty buffers stay in their queue until something is typed. */
static bool receive(struct virtio *virtio, const uint8_t *bytes, uint64_t size, uint64_t *taken)
{
    struct virtio_queue *const queue = &virtio->queues[RECEIVE];
    const struct guest_memory *const memory = &virtio->host->memory;
    const struct virtio_chain *const chain = &virtio->chain;

    if (!virtio_queue_look(queue, memory))
        return false;
    while (*taken < size && virtio_queue_has(queue)) {
        if (!virtio_queue_take(queue, memory, &virtio->chain) || chain->readable > 0)
            return false;
        const uint64_t some = virtio_chain_out(chain, 0, bytes + *taken, size - *taken);
        *taken += some;
        if (!virtio_give(virtio, RECEIVE, chain->head, (uint32_t)some))
            return false;
    }
    return true;
}

uint64_t virtio_console_type(struct virtio_console *it, const void *bytes, uint64_t size)
{
    uint64_t taken = 0;

    if (virtio_is_live(&it->virtio, RECEIVE) && !receive(&it->virtio, bytes, size, &taken))
        virtio_break(&it->virtio);
    return taken;
}

static const struct virtio_class class_console = {
    .id = DEVICE_CONSOLE,
    .rooms = {[RECEIVE] = 16, [TRANSMIT] = 16},
    .notify = notify,
};

void virtio_console_attach(struct virtio_console *it, struct host *host)
{
    virtio_attach(&it->virtio, &class_console, host, NULL, 0);
}
