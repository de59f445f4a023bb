/* SPDX-License-Identifier: MIT */
/* Frames of an hvt guest: through the network ring where the tender offers it. */
#include "guest/frames.h"

#include "abi/call.h"
#include "abi/net_ring.h"
#include "guest/hvt/frames.h"
#include "guest_net.h"
#include "lib/string.h"

/* Frames that can be on their way out at once. They are linked into guests that use a network. */
#define BUFFERS 8

static volatile struct net_ring *ring; /* NULL: every frame is a call */
static uint32_t tail, completed;
static uint8_t buffers[BUFFERS][NET_RING_FRAME_MAX];

void frames_start(const struct hvt_boot_info *boot)
{
    if (boot->features_offered & HVT_FEATURE_NET_RING)
        ring = (volatile struct net_ring *)(uintptr_t)boot->ring;
}

static void kick(void)
{
    __asm__ volatile("str wzr, [%0]" : : "r"(HVT_CALL_ADDRESS(NET_RING_KICK)) : "memory");
}

static void submit(enum net_ring_op op, solo5_handle_t handle, const void *data, uint32_t len)
{
    volatile struct net_ring_submission *entry = &ring->submission[tail % NET_RING_SLOTS];

    entry->op = op;
    entry->handle = (uint32_t)handle;
    entry->data = (uintptr_t)data;
    entry->len = len;
    entry->id = tail;
    entry->reserved = 0;
    __atomic_store_n(&ring->tail, ++tail, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* tell first, then look whether the host sleeps */
    if (ring->needs_kick)
        kick();
}

/* Waits until no more than (left) submissions are not served. */
static void wait_for_host(uint32_t left)
{
    while (tail - __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) > left)
        __asm__ volatile("yield");
}

solo5_result_t frame_send(solo5_handle_t handle, const uint8_t *frame, uint64_t size)
{
    if (!ring)
        return guest_net_write(handle, frame, size);
    /* A call says what is wrong with a frame; and it must not overtake others. */
    if (size < SOLO5_NET_HLEN || size > NET_RING_FRAME_MAX) {
        wait_for_host(0);
        return guest_net_write(handle, frame, size);
    }
    wait_for_host(BUFFERS - 1);
    uint8_t *buffer = buffers[tail % BUFFERS];
    memcpy(buffer, frame, (size_t)size);
    submit(NET_RING_WRITE, handle, buffer, (uint32_t)size);
    return SOLO5_R_OK;
}

solo5_result_t frame_receive(solo5_handle_t handle, uint8_t *to, uint64_t *size)
{
    /* To wake the host costs more than a call. */
    if (!ring || ring->needs_kick || *size > UINT32_MAX)
        return guest_net_read(handle, to, size);
    submit(NET_RING_READ, handle, to, (uint32_t)*size);
    while (__atomic_load_n(&ring->completion_tail, __ATOMIC_ACQUIRE) == completed)
        __asm__ volatile("yield");
    const volatile struct net_ring_completion *entry =
        &ring->completion[completed++ % NET_RING_SLOTS];
    const solo5_result_t result = (solo5_result_t)entry->result;
    if (result == SOLO5_R_OK)
        *size = entry->len;
    ring->completion_head = completed;
    return result;
}
