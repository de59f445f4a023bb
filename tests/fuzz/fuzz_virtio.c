/* SPDX-License-Identifier: MIT */
/* Virtio devices and a driver that does as it likes. The input: struct start, then steps of 32
 * bytes, see struct step. */
#include "guest.h"

#include "backends/fake/fake.h"
#include "devices/gpio.h"
#include "virtio/block.h"
#include "virtio/console.h"
#include "virtio/gpio.h"

#define STEPS_MAX   64

#define STATUS      0x70
#define NEEDS_RESET 64

/* Where the queues of a driver that began well lie, one after the other. */
#define QUEUE_AT(number) (0x1000 + 0x400 * (uint64_t)(number))
#define DRIVER_AT        0x100 /* bytes behind its table */
#define DEVICE_AT        0x200
#define QUEUE_SIZE       8

enum kind { ACCESS, MEMORY, WORLD, LOOK, KINDS };

struct start {
    uint8_t device;   /* of the three */
    uint8_t is_begun; /* odd: the driver is there, and its queues are ready */
    uint8_t reserved[6];
};

struct step {
    uint8_t kind;           /* enum kind */
    uint8_t size;           /* bytes; of an ACCESS 0 stands for 4 */
    uint16_t at;            /* ACCESS: offset into the window; MEMORY: guest address; WORLD: line */
    uint32_t more;          /* ACCESS: odd for a load; WORLD: what happens */
    uint64_t value;         /* that is stored */
    struct guest_race race; /* 16 bytes */
};

_Static_assert(sizeof(struct start) == 8, "tests/fuzz/README.md: a start");
_Static_assert(sizeof(struct step) == 32, "tests/fuzz/README.md: a step");

static struct virtio_gpio lines;
static struct virtio_console console;
static struct virtio_block block;

static struct virtio *attach(struct host *host, uint32_t which)
{
    switch (which % 3) {
    case 0:
        virtio_gpio_attach(&lines, host, GPIO_LINES);
        return &lines.virtio;
    case 1:
        virtio_console_attach(&console, host);
        return &console.virtio;
    default:
        MUST(virtio_block_attach(&block, host, GUEST_DISK));
        return &block.virtio;
    }
}

static void set(struct virtio *virtio, uint32_t offset, uint64_t value)
{
    virtio_store(virtio, offset, 4, (uint32_t)value);
}

static void begin(struct virtio *virtio)
{
    set(virtio, 0x24, 0);
    set(virtio, 0x20, virtio->class->features);
    set(virtio, 0x24, 1);
    set(virtio, 0x20, 1);
    set(virtio, STATUS, 1 | 2 | 8);
    for (uint32_t i = 0; i < VIRTIO_QUEUES && virtio->class->rooms[i] > 0; i++) {
        set(virtio, 0x30, i);
        set(virtio, 0x38, QUEUE_SIZE);
        set(virtio, 0x80, QUEUE_AT(i));
        set(virtio, 0x90, QUEUE_AT(i) + DRIVER_AT);
        set(virtio, 0xa0, QUEUE_AT(i) + DEVICE_AT);
        set(virtio, 0x44, 1);
    }
    set(virtio, STATUS, 1 | 2 | 8 | 4);
}

/* What happens on the board while the guest does nothing. */
static void let_happen(struct virtio *virtio, const struct step *step)
{
    static struct fake_edge edge;

    switch (step->more % 5) {
    case 0:
        edge = (struct fake_edge){fake_time.now, step->at, step->value & 1};
        fake_play(&edge, 1);
        fake_stimulus_apply();
        break;
    case 1:
        fake_pins.failing = step->value % 4;
        break;
    case 2:
        fake_disks[GUEST_DISK].failing = step->value % 4;
        break;
    case 3:
        fake_time.now += step->value % UINT64_C(100000000);
        fake_console.size = 0;
        break;
    default:
        if (virtio == &console.virtio)
            MUST(virtio_console_type(&console, &step->value, sizeof(step->value)) <= 8);
    }
}

static void access(struct virtio *virtio, const struct step *step)
{
    const uint32_t size = step->size ? step->size : 4;

    if (step->more & 1)
        virtio_load(virtio, step->at, size);
    else
        virtio_store(virtio, step->at, size, (uint32_t)step->value);
}

/* Whatever was done: a queue that runs is one that can be, and who is broken stays so. */
static void check(const struct virtio *virtio, bool stays_broken)
{
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++) {
        const struct virtio_queue *queue = &virtio->queues[i];
        MUST(!queue->is_ready || (queue->size > 0 && queue->size <= virtio->class->rooms[i]));
    }
    MUST(!stays_broken || (virtio->status & NEEDS_RESET));
    MUST(virtio->chain.readable + virtio->chain.writable <= VIRTIO_QUEUE_MAX);
}

static void do_step(struct virtio *virtio, const struct step *step)
{
    const bool stays_broken = (virtio->status & NEEDS_RESET) && (uint32_t)step->value != 0;
    const size_t size = step->size < sizeof(step->value) ? step->size : sizeof(step->value);

    if (step->kind % KINDS == MEMORY)
        guest_store(step->at, &step->value, size);
    guest_watch(step->race, NULL);
    if (step->kind % KINDS == ACCESS)
        access(virtio, step);
    else if (step->kind % KINDS == WORLD)
        let_happen(virtio, step);
    else if (step->kind % KINDS == LOOK)
        virtio_look(virtio);
    guest_check();
    check(virtio, stays_broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host host;
    static const uint8_t zeros[0x800];
    struct input input = {data, size};
    struct start start;
    struct step step;

    guest_start(&host);
    host.gpio->edges = GPIO_EDGES_REPORTED;
    take_bytes(&input, &start, sizeof(start));
    guest_store(QUEUE_AT(0), zeros, sizeof(zeros));
    struct virtio *const virtio = attach(&host, start.device);
    if (start.is_begun & 1)
        begin(virtio);
    for (int i = 0; i < STEPS_MAX && input.left > 0; i++) {
        take_bytes(&input, &step, sizeof(step));
        do_step(virtio, &step);
    }
    return 0;
}
