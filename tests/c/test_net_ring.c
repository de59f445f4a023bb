/* SPDX-License-Identifier: MIT */
/* The host's side of the network ring: frames both ways, and guests that scribble over it. */
#include "check.h"
#include "manifest.h"

#include "abi/solo5.h"
#include "backends/fake/fake.h"
#include "devices/net_ring.h"

#define DATA 8192 /* guest address of a buffer */

static uint8_t memory[65536] __attribute__((aligned(4096)));
static struct net_ring ring;
static struct net_ring_side side;
static struct host host;
static MANIFEST_OF(3) manifest;

static void start(void)
{
    fake_reset();
    memset(memory, 0, sizeof(memory));
    memset(&ring, 0, sizeof(ring));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 3};
    memset(manifest.e, 0, sizeof(manifest.e));
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1].type = MFT_BLOCK_BASIC;
    manifest.e[2].type = MFT_NET_BASIC;
    manifest.e[1].attached = manifest.e[2].attached = 1;
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
    side = (struct net_ring_side){.host = &host, .ring = &ring};
}

static void submit(uint32_t op, uint32_t handle, uint64_t data, uint32_t len)
{
    ring.submission[ring.tail % NET_RING_SLOTS] = (struct net_ring_submission){
        .op = op,
        .handle = handle,
        .data = data,
        .len = len,
        .id = ring.tail * 3,
    };
    ring.tail++;
}

static void frames_go_out_in_order_and_are_not_answered(void)
{
    start();
    for (uint32_t i = 0; i < 3; i++) {
        memory[DATA + 64 * i] = (uint8_t)('a' + i);
        submit(NET_RING_WRITE, 2, DATA + 64 * i, 60);
    }
    CHECK(net_ring_waits(&side));
    CHECK(net_ring_serve(&side) == NET_RING_SERVED);
    CHECK(!net_ring_waits(&side) && net_ring_serve(&side) == NET_RING_IDLE);
    CHECK_EQUAL(ring.head, 3);
    CHECK_EQUAL(ring.completion_tail, 0);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQUAL(fake_net_take(2)->bytes[0], 'a' + i);
}

static void a_read_is_completed_with_its_frame(void)
{
    start();
    submit(NET_RING_READ, 2, DATA, 1514);
    CHECK(fake_net_give(2, "a frame of 20 bytes.", 20));
    submit(NET_RING_READ, 2, DATA, 1514);
    submit(NET_RING_READ, 2, DATA, 1514);
    submit(NET_RING_READ, 1, DATA, 1514);
    CHECK(net_ring_serve(&side) == NET_RING_SERVED);
    CHECK_EQUAL(ring.completion_tail, 4);
    CHECK(ring.completion[0].result == SOLO5_R_OK && ring.completion[0].len == 20);
    CHECK(memcmp(memory + DATA, "a frame of 20 bytes.", 20) == 0);
    CHECK(ring.completion[1].result == SOLO5_R_AGAIN && ring.completion[1].len == 0);
    CHECK_EQUAL(ring.completion[2].id, 6);
    CHECK_EQUAL(ring.completion[3].result, SOLO5_R_EINVAL);
}

static void indices_run_freely(void)
{
    start();
    ring.tail = side.head = UINT32_MAX - 5;
    side.completed = UINT32_MAX;
    for (int i = 0; i < 10; i++)
        submit(NET_RING_READ, 2, DATA, 64);
    CHECK(net_ring_serve(&side) == NET_RING_SERVED);
    CHECK_EQUAL(ring.head, 4);
    CHECK_EQUAL(ring.completion_tail, 9);
    CHECK_EQUAL(ring.completion[8].id, (uint32_t)(3 * 3));
}

static void a_full_ring_is_served_whole(void)
{
    start();
    for (int i = 0; i < NET_RING_SLOTS; i++)
        submit(NET_RING_READ, 2, DATA, 64);
    CHECK(net_ring_serve(&side) == NET_RING_SERVED);
    CHECK_EQUAL(ring.completion_tail, NET_RING_SLOTS);
}

static void more_than_the_ring_holds_is_a_fault(void)
{
    start();
    ring.tail = NET_RING_SLOTS + 1;
    CHECK(net_ring_serve(&side) == NET_RING_FAULT);
    ring.tail = UINT32_MAX;
    CHECK(net_ring_serve(&side) == NET_RING_FAULT);
    CHECK_EQUAL(ring.completion_tail, 0);
}

static void what_the_guest_writes_over_the_hosts_indices_does_not_matter(void)
{
    start();
    submit(NET_RING_READ, 2, DATA, 64);
    ring.head = 77777;
    ring.completion_tail = ring.completion_head = UINT32_MAX;
    CHECK(net_ring_serve(&side) == NET_RING_SERVED);
    CHECK_EQUAL(ring.head, 1);
    CHECK_EQUAL(ring.completion_tail, 1);
}

static void entries_that_no_host_may_serve_are_faults(void)
{
    const struct net_ring_submission hostile[] = {
        {.op = 0, .handle = 2, .data = DATA, .len = 64},
        {.op = 3, .handle = 2, .data = DATA, .len = 64},
        {.op = UINT32_MAX, .handle = 2, .data = DATA, .len = 64},
        {.op = NET_RING_WRITE, .handle = 2, .data = 65536, .len = 64},
        {.op = NET_RING_WRITE, .handle = 2, .data = 65536 - 64, .len = 64},
        {.op = NET_RING_WRITE, .handle = 2, .data = UINT64_MAX, .len = 64},
        {.op = NET_RING_WRITE, .handle = 2, .data = DATA, .len = UINT32_MAX},
        {.op = NET_RING_READ, .handle = 2, .data = 65536, .len = 64},
        {.op = NET_RING_READ, .handle = 2, .data = DATA, .len = UINT32_MAX},
        {.op = NET_RING_READ, .handle = 2, .data = UINT64_MAX - 63, .len = 64},
        {.op = NET_RING_READ, .handle = 2, .data = 16, .len = 64}, /* read-only */
    };

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        start();
        CHECK(fake_net_give(2, "a frame of 20 bytes.", 20));
        ring.submission[0] = hostile[i];
        ring.tail = 1;
        CHECK(net_ring_serve(&side) == NET_RING_FAULT);
        CHECK(!fake_net_take(2));
        CHECK_EQUAL(ring.head, 0);
    }
}

int main(void)
{
    frames_go_out_in_order_and_are_not_answered();
    a_read_is_completed_with_its_frame();
    indices_run_freely();
    a_full_ring_is_served_whole();
    more_than_the_ring_holds_is_a_fault();
    what_the_guest_writes_over_the_hosts_indices_does_not_matter();
    entries_that_no_host_may_serve_are_faults();
    return 0;
}
