/* SPDX-License-Identifier: MIT */
/* Misuses the network ring, past the bindings; the argument says how. A host ends it, or goes on as
 * if nothing were: then it says SUCCESS. */
#include "../expect.h"
#include "abi/boot_info.h"
#include "abi/call.h"
#include "abi/net_ring.h"
#include "lib/string.h"

#define FRAME  60 /* bytes */
#define ROUNDS 2000
#define HANDLE 1 /* of the only device */

static volatile struct net_ring *ring;
static uint64_t memory_end;
static uint8_t frame[FRAME];
static uint32_t tail;

static void kick(void)
{
    __asm__ volatile("str wzr, [%0]" : : "r"(HVT_CALL_ADDRESS(NET_RING_KICK)) : "memory");
}

static void publish(uint32_t to)
{
    __atomic_store_n(&ring->tail, to, __ATOMIC_RELEASE);
    kick();
}

static void submit(uint32_t op, uint32_t handle, uint64_t data, uint32_t len)
{
    volatile struct net_ring_submission *entry = &ring->submission[tail % NET_RING_SLOTS];

    entry->op = op;
    entry->handle = handle;
    entry->data = data;
    entry->len = len;
    entry->id = tail;
    publish(++tail);
}

/* Waits until the host has served everything; false if that took ten seconds. */
static bool served(void)
{
    const solo5_time_t end = solo5_clock_monotonic() + UINT64_C(10000000000);

    while (__atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) != tail) {
        if (solo5_clock_monotonic() > end)
            return false;
    }
    return true;
}

/* Xorshift: the same nonsense in each run. */
static uint32_t nonsense(void)
{
    static uint32_t state = 2463534242u;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void far_tail(void)
{
    publish(NET_RING_SLOTS + 1);
}

static void back(void)
{
    publish(UINT32_MAX);
}

static void operation(void)
{
    submit(0x7fffffff, HANDLE, (uintptr_t)frame, FRAME);
}

static void pointer(void)
{
    submit(NET_RING_WRITE, HANDLE, memory_end - FRAME + 1, FRAME);
}

static void wrap(void)
{
    submit(NET_RING_WRITE, HANDLE, UINT64_MAX - 8, FRAME);
}

static void length(void)
{
    submit(NET_RING_READ, HANDLE, (uintptr_t)frame, UINT32_MAX);
}

/* The ring is no memory of a guest's buffers: the host would write into what it reads. */
static void itself(void)
{
    submit(NET_RING_READ, HANDLE, (uintptr_t)ring, sizeof(*ring));
}

/* The host must not write into what the guest itself may not write. */
static void readonly(void)
{
    submit(NET_RING_READ, HANDLE, HVT_BOOT_INFO_AT, FRAME);
}

/* Devices that are no network, or none at all, are refused and do no harm. */
static void foreign(void)
{
    static const uint32_t handles[] = {0, 2, 63, 64, 0x80000000u, UINT32_MAX};

    for (uint32_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        submit(NET_RING_READ, handles[i], (uintptr_t)frame, FRAME);
        EXPECT(served());
        EXPECT(ring->completion[i % NET_RING_SLOTS].result != SOLO5_R_OK);
        submit(NET_RING_WRITE, handles[i], (uintptr_t)frame, FRAME);
        EXPECT(served());
    }
}

/* What the host wrote for the guest is not what it goes by. */
static void scribble(void)
{
    for (uint32_t i = 0; i < ROUNDS / 10; i++) {
        ring->completion_tail = nonsense();
        ring->needs_kick = nonsense();
        for (uint32_t slot = 0; slot < NET_RING_SLOTS; slot += 97)
            ring->completion[slot].id = nonsense();
        submit(NET_RING_WRITE, HANDLE, (uintptr_t)frame, FRAME);
        EXPECT(served());
    }
}

static void kicks(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++)
        kick();
}

/* Frames that change while the host reads what to do with them. */
static void race(void)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        submit(NET_RING_WRITE, HANDLE, (uintptr_t)frame, FRAME);
        volatile struct net_ring_submission *entry = &ring->submission[nonsense() % NET_RING_SLOTS];
        entry->data = nonsense() & 1 ? memory_end : (uintptr_t)frame;
        entry->len = nonsense();
    }
}

/* The host has work when the guest is gone. */
static void leave(void)
{
    for (uint32_t i = 0; i < NET_RING_SLOTS; i++)
        submit(NET_RING_WRITE, HANDLE, (uintptr_t)frame, FRAME);
    solo5_exit(7);
}

static void leave_torn(void)
{
    ring->tail = nonsense() | NET_RING_SLOTS << 1;
    solo5_exit(7);
}

static const struct {
    const char *word;
    void (*deed)(void);
} deeds[] = {
    {"far", far_tail},   {"back", back},       {"operation", operation}, {"pointer", pointer},
    {"wrap", wrap},      {"length", length},   {"itself", itself},       {"readonly", readonly},
    {"race", race},      {"foreign", foreign}, {"scribble", scribble},   {"kicks", kicks},
    {"leave", leave},    {"torn", leave_torn},
};

int solo5_app_main(const struct solo5_start_info *info)
{
    const struct hvt_boot_info *boot = (const struct hvt_boot_info *)HVT_BOOT_INFO_AT;

    EXPECT(boot->features_offered & HVT_FEATURE_NET_RING);
    ring = (volatile struct net_ring *)(uintptr_t)boot->ring;
    memory_end = boot->memory_size;
    memset(frame, 0xff, sizeof(frame));
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        if (strcmp(deeds[i].word, info->cmdline) == 0) {
            deeds[i].deed();
            served(); /* a fault ends us meanwhile, or when we end */
            say("SUCCESS\n");
            return SOLO5_EXIT_SUCCESS;
        }
    }
    return expect_not_reached("the lack of a word");
}
