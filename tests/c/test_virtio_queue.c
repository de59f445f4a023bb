/* SPDX-License-Identifier: MIT */
/* Virtqueues of drivers good and hostile, on the console, which reads all it is given. */
#include "virtio_driver.h"

#include "backends/fake/fake.h"
#include "virtio/console.h"

#define SIZE     8
#define TRANSMIT 1

static struct host host;
static struct virtio_console console;

static void start(void)
{
    fake_reset();
    begin_guest(&host);
    virtio_console_attach(&console, &host);
    begin_driver(&console.virtio, 2, SIZE);
    memcpy(memory + DATA, "0123456789", 10);
}

static void parts_of_a_chain_come_in_order(void)
{
    const struct part parts[] = {{DATA + 4, 2, 0}, {DATA, 0, 0}, {DATA, 1, 0}, {DATA + 9, 1, 0}};

    start();
    chain(TRANSMIT, 3, parts, 4);
    offer(TRANSMIT, 3, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK_TEXT(fake_console.text, "4509");
    CHECK_EQUAL(used_count(TRANSMIT), 1);
    CHECK_EQUAL(last_used(TRANSMIT, SIZE).head, 3);
    CHECK_EQUAL(last_used(TRANSMIT, SIZE).written, 0);
    CHECK_EQUAL(get(AT_INTERRUPTS), 1);
}

static void a_notice_serves_all_that_was_offered(void)
{
    start();
    for (uint16_t i = 0; i < SIZE; i++) {
        describe(TRANSMIT, i, (struct part){DATA + i, 1, 0}, 0);
        offer(TRANSMIT, i, SIZE);
    }
    set(AT_NOTIFY, TRANSMIT);
    set(AT_NOTIFY, TRANSMIT);
    CHECK_TEXT(fake_console.text, "01234567");
    CHECK_EQUAL(used_count(TRANSMIT), SIZE);
}

static void indices_go_round(void)
{
    start();
    describe(TRANSMIT, 5, (struct part){DATA, 1, 0}, 0);
    for (uint32_t i = 0; i < 70000; i++) {
        offer(TRANSMIT, 5, SIZE);
        set(AT_NOTIFY, TRANSMIT);
        CHECK_EQUAL(used_count(TRANSMIT), (uint16_t)(i + 1));
    }
    CHECK(!is_broken());
}

static void a_chain_may_have_every_descriptor(void)
{
    struct part parts[SIZE];

    start();
    for (size_t i = 0; i < SIZE; i++)
        parts[i] = (struct part){DATA + i, 1, 0};
    chain(TRANSMIT, 0, parts, SIZE);
    offer(TRANSMIT, 0, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK_TEXT(fake_console.text, "01234567");
}

static void a_driver_that_is_quiet_is_not_told(void)
{
    start();
    poke(RING(TRANSMIT), 1, 2);
    describe(TRANSMIT, 0, (struct part){DATA, 1, 0}, 0);
    offer(TRANSMIT, 0, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK_EQUAL(used_count(TRANSMIT), 1);
    CHECK_EQUAL(get(AT_INTERRUPTS), 0);
}

static void fill(struct virtio_console *of)
{
    device = &of->virtio;
    describe(TRANSMIT, 0, (struct part){DATA, 3, 0}, 0);
    offer(TRANSMIT, 0, SIZE);
    set(AT_NOTIFY, TRANSMIT);
}

/* It has stopped, nothing was written or said, and a reset helps. */
static void check_broken(void)
{
    CHECK(is_broken());
    CHECK_EQUAL(get(AT_INTERRUPTS), 2);
    CHECK_EQUAL(used_count(TRANSMIT), 0);
    CHECK_EQUAL(fake_console.size, 0);
    poke(RING(TRANSMIT) + 2, 0, 2);
    fill(&console); /* nobody looks */
    CHECK_EQUAL(fake_console.size, 0);
    begin_driver(&console.virtio, 2, SIZE);
    fill(&console);
    CHECK_TEXT(fake_console.text, "012");
}

static void chains_that_cannot_be_need_a_reset(void)
{
    const struct {
        struct part first, second;
        uint16_t next;
        const char *why;
    } odd[] = {
        {{DATA, 1, INDIRECT}, {0}, 0, "indirect"},
        {{DATA, 1, NEXT}, {DATA, 1, NEXT}, 1, "a descriptor that is its own next"},
        {{DATA, 1, NEXT}, {DATA, 1, 0}, SIZE, "a descriptor that is not there"},
        {{DATA, 1, NEXT}, {DATA, 1, 0}, UINT16_MAX, "a descriptor far behind the table"},
        {{DATA, 1, WRITE | NEXT}, {DATA, 1, 0}, 1, "read after written"},
        {{DATA, 1, WRITE}, {0}, 0, "written in the queue to be read"},
        {{0, 1, WRITE}, {0}, 0, "written where it must not"},
        {{READONLY - 1, 2, WRITE}, {0}, 0, "written partly where it must not"},
        {{MEMORY, 1, 0}, {0}, 0, "behind memory"},
        {{MEMORY, 0, 0}, {0}, 0, "nothing, but behind memory"},
        {{MEMORY - 1, 2, 0}, {0}, 0, "beyond memory's end"},
        {{DATA, UINT32_MAX, 0}, {0}, 0, "longer than memory"},
        {{UINT64_MAX, 1, 0}, {0}, 0, "at the end of all addresses"},
        {{UINT64_MAX - 1, 4, 0}, {0}, 0, "across the end of all addresses"},
        {{UINT64_C(1) << 32 | DATA, 1, 0}, {0}, 0, "the same address with more bits"},
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        start();
        describe(TRANSMIT, 0, odd[i].first, odd[i].next);
        describe(TRANSMIT, 1, odd[i].second, 1);
        offer(TRANSMIT, 0, SIZE);
        set(AT_NOTIFY, TRANSMIT);
        if (!is_broken())
            fprintf(stderr, "not seen: %s\n", odd[i].why);
        check_broken();
    }
}

static void rings_that_cannot_be_need_a_reset(void)
{
    start();
    offer(TRANSMIT, SIZE, SIZE); /* no such descriptor */
    set(AT_NOTIFY, TRANSMIT);
    check_broken();
    start();
    poke(RING(TRANSMIT) + 2, SIZE + 1, 2); /* more chains than there are descriptors */
    set(AT_NOTIFY, TRANSMIT);
    check_broken();
    start();
    poke(RING(TRANSMIT) + 2, UINT16_MAX, 2); /* backwards */
    set(AT_NOTIFY, TRANSMIT);
    check_broken();
}

static void chains_of_more_than_32_bits_need_a_reset(void)
{
    static struct host big;
    static struct virtio_console of;

    /* Memory that no page is ever touched of. */
    start();
    big = host;
    big.memory.size = UINT64_C(1) << 40;
    virtio_console_attach(&of, &big);
    begin_driver(&of.virtio, 2, SIZE);
    describe(TRANSMIT, 0, (struct part){DATA, UINT32_MAX, NEXT}, 1);
    describe(TRANSMIT, 1, (struct part){DATA, 1, 0}, 0);
    offer(TRANSMIT, 0, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK(is_broken());
    CHECK_EQUAL(fake_console.size, 0);
}

static void one_driver_that_is_broken_is_nobody_elses_affair(void)
{
    static struct virtio_console other;

    start();
    offer(TRANSMIT, SIZE, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK(is_broken());
    virtio_console_attach(&other, &host);
    begin_driver(&other.virtio, 2, SIZE);
    fill(&other);
    CHECK(!is_broken());
    CHECK_TEXT(fake_console.text, "012");
    device = &console.virtio;
    CHECK(is_broken());
}

/* A kernel that has devices of the board's names its memory as those do. */
static void addresses_may_be_those_of_a_bus(void)
{
    const uint64_t bus = 0x6000000;

    for (uint32_t is_named_so = 0; is_named_so < 2; is_named_so++) {
        start();
        struct virtio_queue *const queue = &console.virtio.queues[TRANSMIT];
        host.memory.bus = bus;
        queue->descriptors.at += bus;
        queue->driver.at += bus;
        queue->device.at += bus;
        describe(TRANSMIT, 0, (struct part){DATA + is_named_so * bus, 4, 0}, 0);
        offer(TRANSMIT, 0, SIZE);
        set(AT_NOTIFY, TRANSMIT);
        CHECK_TEXT(fake_console.text, is_named_so ? "0123" : "");
        CHECK(is_broken() == !is_named_so);
    }
    host.memory.bus = 0;
}

int main(void)
{
    addresses_may_be_those_of_a_bus();
    parts_of_a_chain_come_in_order();
    a_notice_serves_all_that_was_offered();
    indices_go_round();
    a_chain_may_have_every_descriptor();
    a_driver_that_is_quiet_is_not_told();
    chains_that_cannot_be_need_a_reset();
    rings_that_cannot_be_need_a_reset();
    chains_of_more_than_32_bits_need_a_reset();
    one_driver_that_is_broken_is_nobody_elses_affair();
    return 0;
}
