/* SPDX-License-Identifier: MIT */
/* Network devices: frames both ways, hostile calls, and what a guest that waits is told. */
#include "check.h"
#include "manifest.h"

#include "abi_net.h"
#include "abi_poll.h"
#include "backends/fake/fake.h"
#include "dispatch/host.h"

#define AT   8192  /* guest address of the argument block */
#define DATA 16384 /* guest address of the buffer */

static uint8_t memory[65536] __attribute__((aligned(4096)));
static struct host host;
static MANIFEST_OF(4) manifest;

static void start(void)
{
    fake_reset();
    memset(memory, 0, sizeof(memory));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 4};
    memset(manifest.e, 0, sizeof(manifest.e));
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1].type = MFT_BLOCK_BASIC;
    manifest.e[2].type = manifest.e[3].type = MFT_NET_BASIC;
    manifest.e[1].attached = manifest.e[2].attached = manifest.e[3].attached = 1;
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
}

static enum call_outcome call(uint32_t number, struct net_read_args args)
{
    memcpy(memory + AT, &args, sizeof(args));
    return dispatch(&host, number, (struct guest_addr){AT});
}

static const struct net_read_args *block(void)
{
    return (const struct net_read_args *)(const void *)(memory + AT);
}

static uint64_t look(void)
{
    struct poll_wait_args *args = (void *)(memory + AT);

    *args = (struct poll_wait_args){.timeout = 1000, .ready = 77, .count = 9};
    CHECK(dispatch(&host, CALL_POLL_WAIT, (struct guest_addr){AT}) == CALL_DONE);
    CHECK_EQUAL(args->count, __builtin_popcountll(args->ready));
    return args->ready;
}

static void frames_go_both_ways(void)
{
    start();
    memset(memory + DATA, 'f', 60);
    CHECK(call(CALL_NET_WRITE, (struct net_read_args){2, DATA, 60, 9}) == CALL_DONE);
    CHECK_EQUAL(block()->result, SOLO5_R_OK);
    const struct fake_frame *sent = fake_net_take(2);
    CHECK(sent && sent->size == 60 && sent->bytes[59] == 'f');
    CHECK(!fake_net_take(2) && !fake_net_take(3));
    CHECK(fake_net_give(3, "a frame of 20 bytes.", 20));
    CHECK(call(CALL_NET_READ, (struct net_read_args){2, DATA, 1514, 9}) == CALL_DONE);
    CHECK_EQUAL(block()->result, SOLO5_R_AGAIN);
    CHECK(call(CALL_NET_READ, (struct net_read_args){3, DATA, 1514, 9}) == CALL_DONE);
    CHECK_EQUAL(block()->result, SOLO5_R_OK);
    CHECK_EQUAL(block()->len, 20);
    CHECK(memcmp(memory + DATA, "a frame of 20 bytes.", 20) == 0 && memory[DATA + 20] == 'f');
}

static void waiting_ends_when_a_frame_is_there_and_until_it_is_read(void)
{
    start();
    CHECK_EQUAL(look(), 0);
    CHECK_EQUAL(fake_time.now, 1000);
    CHECK(fake_net_give(2, "12345678901234", 14) && fake_net_give(3, "12345678901234", 14));
    CHECK_EQUAL(look(), 1 << 2 | 1 << 3);
    CHECK_EQUAL(look(), 1 << 2 | 1 << 3);
    CHECK_EQUAL(fake_time.now, 1000);
    CHECK(call(CALL_NET_READ, (struct net_read_args){2, DATA, 1514, 9}) == CALL_DONE);
    CHECK_EQUAL(look(), 1 << 3);
}

static void a_frame_that_does_not_fit_is_cut(void)
{
    start();
    CHECK(fake_net_give(2, "12345678901234567890", 20));
    CHECK(call(CALL_NET_READ, (struct net_read_args){2, DATA, 16, 9}) == CALL_DONE);
    CHECK(block()->result == SOLO5_R_OK && block()->len == 16);
    CHECK(memory[DATA + 15] == '6' && memory[DATA + 16] == 0);
}

static void a_network_that_is_full_says_again(void)
{
    start();
    for (int i = 0; i < FAKE_FRAMES; i++) {
        CHECK(call(CALL_NET_WRITE, (struct net_read_args){2, DATA, 60, 9}) == CALL_DONE);
        CHECK_EQUAL(block()->result, SOLO5_R_OK);
    }
    CHECK(call(CALL_NET_WRITE, (struct net_read_args){2, DATA, 60, 9}) == CALL_DONE);
    CHECK_EQUAL(block()->result, SOLO5_R_AGAIN);
}

static void handles_that_are_no_network_are_refused(void)
{
    const uint64_t hostile[] = {0, 1, 4, 64, UINT64_C(1) << 32 | 2, UINT64_MAX};

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK(call(CALL_NET_WRITE, (struct net_read_args){hostile[i], DATA, 60, 9}) == CALL_DONE);
        CHECK_EQUAL(block()->result, SOLO5_R_EINVAL);
        CHECK(call(CALL_NET_READ, (struct net_read_args){hostile[i], DATA, 60, 9}) == CALL_DONE);
        CHECK_EQUAL(block()->result, SOLO5_R_EINVAL);
    }
}

static void buffers_that_are_not_the_guests_are_faults(void)
{
    const struct {
        uint64_t data, len;
    } hostile[] = {
        {65536, 60}, {65536 - 60, 60}, {UINT64_MAX, 60}, {DATA, UINT64_MAX}, {UINT64_MAX - 59, 60},
    };

    start();
    CHECK(fake_net_give(2, "12345678901234", 14));
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const struct net_read_args args = {2, hostile[i].data, hostile[i].len, 9};
        CHECK(call(CALL_NET_WRITE, args) == CALL_FAULT);
        CHECK(call(CALL_NET_READ, args) == CALL_FAULT);
    }
    CHECK(call(CALL_NET_READ, (struct net_read_args){2, 16, 60, 9}) == CALL_FAULT);
}

int main(void)
{
    frames_go_both_ways();
    waiting_ends_when_a_frame_is_there_and_until_it_is_read();
    a_frame_that_does_not_fit_is_cut();
    a_network_that_is_full_says_again();
    handles_that_are_no_network_are_refused();
    buffers_that_are_not_the_guests_are_faults();
    return 0;
}
