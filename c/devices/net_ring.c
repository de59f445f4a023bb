/* SPDX-License-Identifier: MIT */
/* The host's side of the network ring. */
#include "devices/net_ring.h"

#include "host_net.h"

static uint32_t submitted(const struct net_ring_side *side)
{
    return __atomic_load_n(&side->ring->tail, __ATOMIC_ACQUIRE) - side->head;
}

bool net_ring_waits(const struct net_ring_side *side)
{
    return submitted(side) != 0;
}

static bool send(struct host *host, const struct net_ring_submission *entry)
{
    const uint8_t *frame = guest_in(&host->memory, (struct guest_addr){entry->data}, entry->len, 1);

    if (!frame)
        return false;
    net_write(host, entry->handle, frame, entry->len); /* nobody waits for the result */
    return true;
}

static bool receive(struct net_ring_side *side, const struct net_ring_submission *entry)
{
    uint8_t *to = guest_out(&side->host->memory, (struct guest_addr){entry->data}, entry->len, 1);
    uint64_t len = entry->len;

    if (!to)
        return false;
    const solo5_result_t result = net_read(side->host, entry->handle, to, &len);
    volatile struct net_ring_completion *completion =
        &side->ring->completion[side->completed % NET_RING_SLOTS];
    completion->id = entry->id;
    completion->result = (int32_t)result;
    completion->len = result == SOLO5_R_OK ? (uint32_t)len : 0;
    completion->reserved = 0;
    __atomic_store_n(&side->ring->completion_tail, ++side->completed, __ATOMIC_RELEASE);
    return true;
}

static bool serve(struct net_ring_side *side)
{
    struct net_ring_submission entry;

    guest_copy(&entry, (const void *)&side->ring->submission[side->head % NET_RING_SLOTS],
               sizeof(entry));
    switch (entry.op) {
    case NET_RING_WRITE:
        return send(side->host, &entry);
    case NET_RING_READ:
        return receive(side, &entry);
    default:
        return false;
    }
}

enum net_ring_outcome net_ring_serve(struct net_ring_side *side)
{
    const uint32_t count = submitted(side);

    if (count > NET_RING_SLOTS)
        return NET_RING_FAULT;
    for (uint32_t i = 0; i < count; i++) {
        if (!serve(side))
            return NET_RING_FAULT;
        /* Only now, since the buffer of a frame is the guest's again. */
        __atomic_store_n(&side->head, side->head + 1, __ATOMIC_RELAXED);
        __atomic_store_n(&side->ring->head, side->head, __ATOMIC_RELEASE);
    }
    return count > 0 ? NET_RING_SERVED : NET_RING_IDLE;
}
