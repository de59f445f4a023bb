/* SPDX-License-Identifier: MIT */
/* One request at a time, and one line whose edges are watched, through two short queues (virtio
 * 1.2, sections 2.7, 4.2 and 5.18). */
#include "guest/virtio/gpio.h"

#include "abi/call.h"

#define SIZE 2 /* descriptors of a queue: a chain has as many */

enum {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE = 0x008,
    ACCEPTED = 0x020,
    ACCEPTED_WORD = 0x024,
    QUEUE = 0x030,
    QUEUE_SIZE = 0x038,
    QUEUE_READY = 0x044,
    NOTIFY = 0x050,
    INTERRUPTS = 0x060,
    STATUS = 0x070,
    DESCRIPTORS = 0x080,
    DRIVER = 0x090,
    DEVICE_RING = 0x0a0,
    CONFIG = 0x100,
};

enum { REQUESTS, EVENTS, QUEUES };
enum { SET_DIRECTION = 3, GET_VALUE, SET_VALUE, SET_TRIGGER };
enum { NEXT = 1, WRITE = 2 };

enum { ACKNOWLEDGE = 1, HAS_DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };

#define MAGIC_VALUE UINT32_C(0x74726976)
#define DEVICE_GPIO 41
#define VERSION_1   1 /* of the second word of features */
#define FEATURE_IRQ 1 /* of the first */
#define QUIET       1 /* flag of a driver's ring: it wants no interrupts */
#define EDGE_VALID  1

struct descriptor {
    uint64_t at;
    uint32_t size;
    uint16_t flags, next;
};

struct device_ring {
    uint16_t flags, index;
    struct {
        uint32_t head, written;
    } ring[SIZE];
} __attribute__((aligned(4)));

struct driver_ring {
    uint16_t flags, index, ring[SIZE];
};

static struct descriptor tables[QUEUES][SIZE] __attribute__((aligned(16)));
static struct driver_ring driver_rings[QUEUES];
static struct device_ring device_rings[QUEUES];
static uint16_t taken[QUEUES]; /* chains that came back and were looked at */

static struct {
    uint16_t type, line;
    uint32_t value;
} request;
static struct {
    uint8_t status, value;
} response;
static uint16_t watched;
static uint8_t edge_status;

/* In assembly, since a hypervisor can only decode plain loads and stores without write-back. */
static uint32_t get(uint32_t offset)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(HVT_VIRTIO_WINDOW + offset) : "memory");
    return value;
}

static void set(uint32_t offset, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(HVT_VIRTIO_WINDOW + offset) : "memory");
}

static void set_address(uint32_t offset, const void *at)
{
    set(offset, (uint32_t)(uintptr_t)at);
    set(offset + 4, (uint32_t)((uintptr_t)at >> 32));
}

/* The one chain of a queue: what the device reads, then what it writes. */
static void begin_queue(uint32_t number, const void *read, uint32_t read_size, const void *written,
                        uint32_t written_size)
{
    tables[number][0] = (struct descriptor){(uintptr_t)read, read_size, NEXT, 1};
    tables[number][1] = (struct descriptor){(uintptr_t)written, written_size, WRITE, 0};
    driver_rings[number] = (struct driver_ring){.flags = QUIET};
    device_rings[number] = (struct device_ring){.flags = 0};
    taken[number] = 0;
    set(QUEUE, number);
    set(QUEUE_SIZE, SIZE);
    set_address(DESCRIPTORS, tables[number]);
    set_address(DRIVER, &driver_rings[number]);
    set_address(DEVICE_RING, &device_rings[number]);
    set(QUEUE_READY, 1);
}

bool virtio_gpio_begin(void)
{
    set(STATUS, 0);
    if (get(MAGIC) != MAGIC_VALUE || get(VERSION) != 2 || get(DEVICE) != DEVICE_GPIO)
        return false;
    set(STATUS, ACKNOWLEDGE | HAS_DRIVER);
    set(ACCEPTED_WORD, 1);
    set(ACCEPTED, VERSION_1);
    set(ACCEPTED_WORD, 0);
    set(ACCEPTED, FEATURE_IRQ);
    set(STATUS, ACKNOWLEDGE | HAS_DRIVER | FEATURES_OK);
    if (!(get(STATUS) & FEATURES_OK))
        return false;
    begin_queue(REQUESTS, &request, sizeof(request), &response, sizeof(response));
    begin_queue(EVENTS, &watched, sizeof(watched), &edge_status, sizeof(edge_status));
    set(STATUS, ACKNOWLEDGE | HAS_DRIVER | FEATURES_OK | DRIVER_OK);
    return (get(STATUS) & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
}

uint32_t virtio_gpio_lines(void)
{
    return get(CONFIG) & 0xffff;
}

static void offer(uint32_t number)
{
    struct driver_ring *const ring = &driver_rings[number];

    __atomic_store_n(&ring->index, (uint16_t)(ring->index + 1), __ATOMIC_RELEASE);
    set(NOTIFY, number);
}

static bool has_come_back(uint32_t number)
{
    return __atomic_load_n(&device_rings[number].index, __ATOMIC_ACQUIRE) != taken[number];
}

static bool ask(uint16_t type, uint16_t line, uint32_t value)
{
    request.type = type;
    request.line = line;
    request.value = value;
    offer(REQUESTS);
    while (!has_come_back(REQUESTS)) {
        if (get(STATUS) & NEEDS_RESET)
            return false;
    }
    taken[REQUESTS]++;
    return response.status == 0;
}

bool virtio_gpio_direct(uint16_t line, enum virtio_direction direction)
{
    return ask(SET_DIRECTION, line, direction);
}

bool virtio_gpio_set(uint16_t line, bool active)
{
    return ask(SET_VALUE, line, active);
}

bool virtio_gpio_get(uint16_t line, bool *active)
{
    const bool is_done = ask(GET_VALUE, line, 0);

    *active = response.value == 1;
    return is_done;
}

bool virtio_gpio_watch(uint16_t line, enum virtio_trigger trigger)
{
    if (!ask(SET_TRIGGER, line, trigger))
        return false;
    if (has_come_back(EVENTS))
        taken[EVENTS]++;
    if (trigger == VIRTIO_QUIET)
        return true;
    watched = line;
    offer(EVENTS);
    return true;
}

bool virtio_gpio_edge(void)
{
    get(INTERRUPTS); /* has the device look */
    if (!has_come_back(EVENTS))
        return false;
    taken[EVENTS]++;
    if (edge_status != EDGE_VALID)
        return false;
    offer(EVENTS);
    return true;
}
