/* SPDX-License-Identifier: MIT */
/* The network ring, which the guest changes while it is served. The input: struct start, then
 * submissions of 32 bytes as they lie in the ring. */
#include "guest.h"

#include "abi/net_ring.h"
#include "abi/solo5.h"
#include "backends/fake/fake.h"
#include "devices/net_ring.h"

#define TURNS 3

struct start {
    uint32_t head;    /* where the indices of the host stand */
    uint32_t waiting; /* what the guest's tail is ahead */
    struct guest_race race;
    uint8_t skip, slot; /* the other core: looks to let pass, and the submission it changes */
    uint16_t op;
    uint32_t len;
    uint64_t data;
    uint32_t tail; /* what the tail becomes then */
    uint32_t frames;
};

static struct net_ring ring, before;
static struct net_ring_side side;
static struct host host;
static struct start start;
static bool has_changed;

/* The other core: once, it changes the tail and a submission that may be being served. */
static void change_ring(void)
{
    struct net_ring_submission *entry =
        &ring.submission[(start.head + start.slot) % NET_RING_SLOTS];

    if (start.skip > 0) {
        start.skip--;
        return;
    }
    if (has_changed)
        return;
    has_changed = true;
    *entry = (struct net_ring_submission){
        .op = start.op, .handle = GUEST_NET, .data = start.data, .len = start.len};
    before.submission[(start.head + start.slot) % NET_RING_SLOTS] = *entry;
    ring.tail = before.tail = start.tail;
}

static void check_ring(uint32_t head, uint32_t completed)
{
    MUST(ring.tail == before.tail && ring.completion_head == before.completion_head);
    MUST(memcmp(ring.submission, before.submission, sizeof(ring.submission)) == 0);
    MUST(side.head - head <= NET_RING_SLOTS && ring.head == side.head);
    MUST(side.completed - completed <= side.head - head + 1);
    MUST(ring.completion_tail == side.completed);
    for (uint32_t i = completed; i != side.completed; i++) {
        const struct net_ring_completion *it = &ring.completion[i % NET_RING_SLOTS];
        MUST((uint32_t)it->result <= SOLO5_R_EUNSPEC);
        MUST(it->result == SOLO5_R_OK || it->len == 0);
        MUST(it->len <= FAKE_FRAME_MAX);
    }
}

static void fill(struct input *input)
{
    for (uint32_t i = 0; i < NET_RING_SLOTS && input->left > 0; i++)
        take_bytes(input, &ring.submission[(start.head + i) % NET_RING_SLOTS],
                   sizeof(ring.submission[0]));
    ring.head = side.head = start.head;
    ring.completion_tail = side.completed = start.head;
    ring.tail = start.head + start.waiting;
    for (uint32_t i = 0; i < start.frames % FAKE_FRAMES; i++)
        fake_net_give(GUEST_NET, &start, 14 + i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    enum net_ring_outcome outcome = NET_RING_SERVED;

    guest_start(&host);
    memset(&ring, 0, sizeof(ring));
    take_bytes(&input, &start, sizeof(start));
    side = (struct net_ring_side){.host = &host, .ring = &ring};
    fill(&input);
    before = ring;
    has_changed = false;
    for (int i = 0; i < TURNS && outcome == NET_RING_SERVED; i++) {
        const uint32_t head = side.head, completed = side.completed;
        guest_watch(start.race, change_ring);
        outcome = net_ring_serve(&side);
        guest_check();
        check_ring(head, completed);
        MUST(outcome != NET_RING_SERVED || side.head != head);
        if (i == 0 && start.waiting > NET_RING_SLOTS)
            MUST(outcome == NET_RING_FAULT && side.head == head);
    }
    return 0;
}
