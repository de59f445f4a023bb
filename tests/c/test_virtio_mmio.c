/* SPDX-License-Identifier: MIT */
/* The registers of a virtio device: how a driver begins, and what it cannot do. */
#include "virtio_driver.h"

#include "backends/fake/fake.h"
#include "devices/gpio.h"
#include "virtio/console.h"
#include "virtio/gpio.h"

#define LINES 54

static struct host host;
static struct gpio gpio;
static struct virtio_gpio lines;
static struct virtio_console console;

static void start(void)
{
    fake_reset();
    begin_guest(&host);
    gpio = (struct gpio){.backend = &fake_pins.face};
    gpio_attach(&gpio, &host);
    virtio_gpio_attach(&lines, &host, LINES);
    virtio_console_attach(&console, &host);
    device = &lines.virtio;
}

static void a_driver_finds_what_it_is(void)
{
    start();
    CHECK_EQUAL(get(AT_MAGIC), 0x74726976);
    CHECK_EQUAL(get(AT_VERSION), 2);
    CHECK_EQUAL(get(AT_DEVICE), 41);
    CHECK_EQUAL(get(AT_SHARED_SIZE), UINT32_MAX);
    CHECK_EQUAL(get(AT_STATUS), 0);
    set(AT_OFFERED_WORD, 0);
    CHECK_EQUAL(get(AT_OFFERED), 1);
    set(AT_OFFERED_WORD, 1);
    CHECK_EQUAL(get(AT_OFFERED), 1);
    set(AT_OFFERED_WORD, 2);
    CHECK_EQUAL(get(AT_OFFERED), 0);
    CHECK_EQUAL(get(AT_QUEUE_ROOM), 16);
    set(AT_QUEUE, 1);
    CHECK_EQUAL(get(AT_QUEUE_ROOM), 2 * GPIO_LINES);
    set(AT_QUEUE, 2);
    CHECK_EQUAL(get(AT_QUEUE_ROOM), 0);
    device = &console.virtio;
    CHECK_EQUAL(get(AT_DEVICE), 3);
}

static void configuration_is_read_by_any_width(void)
{
    start();
    CHECK_EQUAL(virtio_load(device, AT_CONFIG, 1), LINES);
    CHECK_EQUAL(virtio_load(device, AT_CONFIG, 2), LINES);
    CHECK_EQUAL(virtio_load(device, AT_CONFIG, 4), LINES);
    CHECK_EQUAL(virtio_load(device, AT_CONFIG + 4, 4), LINES); /* empty names, each with its NUL */
    CHECK_EQUAL(virtio_load(device, AT_CONFIG + 4, 1), LINES);
    CHECK_EQUAL(virtio_load(device, AT_CONFIG + 8, 4), 0);
    CHECK_EQUAL(virtio_load(device, VIRTIO_WINDOW - 4, 4), 0);
}

static void accesses_that_no_driver_makes_do_nothing(void)
{
    const struct {
        uint32_t offset, size;
    } odd[] = {
        {AT_MAGIC, 1},      {AT_MAGIC, 2},       {AT_MAGIC, 8},  {AT_MAGIC + 1, 4},
        {AT_CONFIG + 1, 2}, {AT_CONFIG + 1, 4},  {AT_CONFIG, 8}, {VIRTIO_WINDOW, 4},
        {UINT32_MAX, 1},    {UINT32_MAX - 3, 4}, {AT_MAGIC, 0},  {AT_MAGIC, 3},
    };

    start();
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        CHECK_EQUAL(virtio_load(device, odd[i].offset, odd[i].size), 0);
        virtio_store(device, odd[i].offset, odd[i].size, UINT32_MAX);
    }
    virtio_store(device, AT_STATUS, 1, 1);
    virtio_store(device, AT_CONFIG, 4, 7);
    CHECK_EQUAL(get(AT_STATUS), 0);
    CHECK_EQUAL(virtio_load(device, AT_CONFIG, 2), LINES);
}

static void what_is_not_offered_is_not_accepted(void)
{
    const struct {
        uint32_t low, high;
        bool fits;
    } wishes[] = {
        {0, 0, false}, /* a driver from before virtio 1.0 */
        {1, 0, false},          {0, 1, true},
        {1, 1, true},           {1 << 28, 1, false}, /* indirect descriptors */
        {1 << 29, 1, false},                         /* event index */
        {0, 1 | 1 << 2, false},                      /* packed queues */
    };

    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        start();
        set(AT_STATUS, 3);
        set(AT_ACCEPTED_WORD, 0);
        set(AT_ACCEPTED, wishes[i].low);
        set(AT_ACCEPTED_WORD, 1);
        set(AT_ACCEPTED, wishes[i].high);
        set(AT_ACCEPTED_WORD, 2);
        set(AT_ACCEPTED, UINT32_MAX);
        set(AT_STATUS, 3 | 8);
        CHECK_EQUAL(get(AT_STATUS), wishes[i].fits ? 3 | 8 : 3);
        set(AT_STATUS, 3 | 8 | 4);
        CHECK_EQUAL(get(AT_STATUS), wishes[i].fits ? 3 | 8 | 4 : 3);
    }
}

static void features_stay_when_they_are_agreed_on(void)
{
    start();
    begin_driver(&lines.virtio, 2, 8);
    set(AT_ACCEPTED_WORD, 1);
    set(AT_ACCEPTED, 0);
    CHECK(lines.virtio.accepted == (UINT64_C(1) << 32 | 1));
}

static void a_queue_that_cannot_be_needs_a_reset(void)
{
    const struct {
        uint64_t table, driver, used;
        uint32_t size;
    } odd[] = {
        {QUEUE(0), RING(0), USED(0), 0},
        {QUEUE(0), RING(0), USED(0), 3},
        {QUEUE(0), RING(0), USED(0), 32}, /* there is room for 16 */
        {QUEUE(0), RING(0), USED(0), 256},
        {QUEUE(0), RING(0), USED(0), 0x10000},
        {QUEUE(0), RING(0), USED(0), 0x10008},
        {QUEUE(0) + 8, RING(0), USED(0), 8},
        {QUEUE(0), RING(0) + 1, USED(0), 8},
        {QUEUE(0), RING(0), USED(0) + 2, 8},
        {QUEUE(0), RING(0), 0, 8}, /* the device would write there */
        {QUEUE(0), RING(0), READONLY - 4, 8},
        {MEMORY, RING(0), USED(0), 8},
        {MEMORY - 16, RING(0), USED(0), 8},
        {QUEUE(0), MEMORY - 2, USED(0), 8},
        {QUEUE(0), RING(0), MEMORY - 4, 8},
        {UINT64_MAX - 15, RING(0), USED(0), 8},
        {QUEUE(0), UINT64_MAX - 1, USED(0), 8},
        {QUEUE(0), RING(0), UINT64_MAX - 3, 8},
        {UINT64_C(1) << 32 | QUEUE(0), RING(0), USED(0), 8},
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        start();
        set(AT_STATUS, 3);
        set(AT_QUEUE_SIZE, odd[i].size);
        set(AT_DESCRIPTORS, (uint32_t)odd[i].table);
        set(AT_DESCRIPTORS + 4, (uint32_t)(odd[i].table >> 32));
        set(AT_DRIVER, (uint32_t)odd[i].driver);
        set(AT_DRIVER + 4, (uint32_t)(odd[i].driver >> 32));
        set(AT_DEVICE_RING, (uint32_t)odd[i].used);
        set(AT_DEVICE_RING + 4, (uint32_t)(odd[i].used >> 32));
        set(AT_QUEUE_READY, 1);
        CHECK(is_broken());
        CHECK_EQUAL(get(AT_QUEUE_READY), 0);
        set(AT_STATUS, 0);
        CHECK_EQUAL(get(AT_STATUS), 0);
        begin_driver(&lines.virtio, 2, 8);
    }
}

static void a_queue_that_began_keeps_its_place(void)
{
    start();
    begin_driver(&lines.virtio, 2, 8);
    set(AT_QUEUE, 0);
    set(AT_QUEUE_SIZE, 16);
    set(AT_DESCRIPTORS, 0);
    CHECK_EQUAL(lines.virtio.queues[0].size, 8);
    CHECK_EQUAL(lines.virtio.queues[0].descriptors.at, QUEUE(0));
    set(AT_QUEUE_READY, 0);
    CHECK_EQUAL(get(AT_QUEUE_READY), 0);
    set(AT_QUEUE_SIZE, 16);
    CHECK_EQUAL(lines.virtio.queues[0].size, 16);
}

static void registers_of_a_queue_that_is_not_there_are_nobodys(void)
{
    start();
    set(AT_QUEUE, UINT32_MAX);
    set(AT_QUEUE_SIZE, 8);
    set(AT_QUEUE_READY, 1);
    CHECK_EQUAL(get(AT_QUEUE_READY), 0);
    CHECK(!is_broken());
}

static void a_notice_before_the_driver_is_there_changes_nothing(void)
{
    start();
    set(AT_STATUS, 3);
    set_queue(0, 8);
    describe(0, 0, (struct part){DATA, 8, NEXT}, 1);
    describe(0, 1, (struct part){DATA + 8, 2, WRITE}, 0);
    offer(0, 0, 8);
    set(AT_NOTIFY, 0);
    CHECK_EQUAL(used_count(0), 0);
    set(AT_STATUS, 0);
    begin_driver(&lines.virtio, 1, 8);
    set(AT_NOTIFY, 1); /* a queue that has not begun, and those that are not there */
    set(AT_NOTIFY, 2);
    set(AT_NOTIFY, UINT32_MAX);
    CHECK(!is_broken());
}

static void a_reset_makes_it_as_new(void)
{
    start();
    begin_driver(&lines.virtio, 2, 8);
    describe(0, 0, (struct part){DATA, 8, INDIRECT}, 0);
    offer(0, 0, 8);
    set(AT_NOTIFY, 0);
    CHECK(is_broken());
    CHECK_EQUAL(get(AT_INTERRUPTS), 2);
    set(AT_INTERRUPTS_TAKEN, 2);
    CHECK_EQUAL(get(AT_INTERRUPTS), 0);
    set(AT_STATUS, 3 | 8 | 4); /* saying so again does not help */
    CHECK(is_broken());
    set(AT_STATUS, 0);
    CHECK_EQUAL(get(AT_STATUS), 0);
    set(AT_QUEUE, 0);
    CHECK_EQUAL(get(AT_QUEUE_READY), 0);
    CHECK_EQUAL(get(AT_INTERRUPTS), 0);
}

int main(void)
{
    a_driver_finds_what_it_is();
    configuration_is_read_by_any_width();
    accesses_that_no_driver_makes_do_nothing();
    what_is_not_offered_is_not_accepted();
    features_stay_when_they_are_agreed_on();
    a_queue_that_cannot_be_needs_a_reset();
    a_queue_that_began_keeps_its_place();
    registers_of_a_queue_that_is_not_there_are_nobodys();
    a_notice_before_the_driver_is_there_changes_nothing();
    a_reset_makes_it_as_new();
    return 0;
}
