/* SPDX-License-Identifier: MIT */
/* The edges that the chip itself detects (BCM2835 ARM Peripherals, section 6.1). */
#include "backends/bcm2837/gpio_edge.h"

#include "backends/bcm2837/gpio.h"

/* Table 6-1, in words: of lines 0 to 31; the next one is of the others. */
enum { GPLEV = 0x34 / 4, GPEDS = 0x40 / 4, GPREN = 0x4c / 4, GPFEN = 0x58 / 4 };

#define BANK      32
#define ROOM      64 /* edges of a line that its guest has not fetched: as many as the device keeps */
#define TRIES     4  /* looks at a line that moves while it is looked at */
#define PROBE     53 /* the line by which the registers are tried; the card's, which moves later */

#define BIT(line) (UINT64_C(1) << (line))

struct seen {
    uint64_t at; /* ns */
    uint32_t lost;
    bool high;
};

struct queue {
    struct seen edges[ROOM];
    uint32_t first, count;
    uint32_t lost; /* since the last one of them */
    bool high;     /* the level that the last edge left */
};

static struct queue queues[PINS];
static uint64_t rising, falling; /* bit n: such edges of line n are wanted */
static uint32_t lock;

static void begin(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        ;
}

static void end(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static uint64_t read(uint32_t first)
{
    return gpio_register_read(first) | (uint64_t)gpio_register_read(first + 1) << BANK;
}

static void write(uint32_t first, uint64_t lines)
{
    gpio_register_write(first, (uint32_t)lines);
    gpio_register_write(first + 1, (uint32_t)(lines >> BANK));
}

/* Has the chip detect what is wanted, and forget what it had of (line). */
static void detect(uint32_t line, bool on_rising, bool on_falling)
{
    struct queue *const queue = &queues[line];

    rising = (rising & ~BIT(line)) | (uint64_t)on_rising << line;
    falling = (falling & ~BIT(line)) | (uint64_t)on_falling << line;
    write(GPREN, rising);
    write(GPFEN, falling);
    write(GPEDS, BIT(line));
    queue->count = queue->lost = 0;
    queue->high = (read(GPLEV) >> line & 1) != 0;
}

bool gpio_edges_found(void)
{
    rising = falling = 0;
    write(GPFEN, 0);
    write(GPREN, BIT(PROBE));
    const bool found = read(GPREN) == BIT(PROBE);
    write(GPREN, 0);
    write(GPEDS, UINT64_MAX);
    return found;
}

static struct gpio_reported *of(struct gpio_backend *self)
{
    return (struct gpio_reported *)(void *)self; /* its first member */
}

static bool in(struct gpio_backend *self, uint32_t line, bool on_rising, bool on_falling)
{
    if (!gpio_pins.in(self, line, on_rising, on_falling))
        return false;
    begin();
    detect(line, on_rising, on_falling);
    end();
    of(self)->lines &= ~BIT(line);
    if (on_rising || on_falling)
        of(self)->lines |= BIT(line);
    return true;
}

static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    return line < PINS && in(self, line, false, false) && gpio_pins.out(self, line, high);
}

static bool release(struct gpio_backend *self, uint32_t line)
{
    return in(self, line, false, false);
}

static bool edge(struct gpio_backend *self, struct gpio_edge *edge)
{
    uint32_t oldest = PINS;

    begin();
    for (uint64_t left = of(self)->lines; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        const struct queue *const queue = &queues[line];
        if (queue->count > 0 &&
            (oldest == PINS ||
             queue->edges[queue->first].at < queues[oldest].edges[queues[oldest].first].at))
            oldest = line;
    }
    if (oldest < PINS) {
        struct queue *const queue = &queues[oldest];
        const struct seen *const seen = &queue->edges[queue->first];
        *edge = (struct gpio_edge){
            .at = seen->at, .line = oldest, .lost = seen->lost, .high = seen->high};
        queue->first = (queue->first + 1) % ROOM;
        queue->count--;
    }
    end();
    return oldest < PINS;
}

void gpio_edges_report(struct gpio_reported *own)
{
    *own = (struct gpio_reported){.backend = gpio_pins};
    own->backend.in = in;
    own->backend.out = out;
    own->backend.release = release;
    own->backend.edge = edge;
}

static void put(struct queue *queue, bool high, uint64_t now)
{
    if (queue->count == ROOM) {
        queue->lost++;
        return;
    }
    queue->edges[(queue->first + queue->count++) % ROOM] =
        (struct seen){.at = now, .lost = queue->lost, .high = high};
    queue->lost = 0;
}

/* There were edges of (line), which is (high) now. */
static void take(uint32_t line, bool high, uint64_t now)
{
    struct queue *const queue = &queues[line];
    const bool both = (rising & falling) >> line & 1;

    if (!both) {
        put(queue, (rising >> line & 1) != 0, now);
    } else {
        if (high == queue->high) /* there and back again */
            put(queue, !high, now);
        put(queue, high, now);
    }
    queue->high = high;
}

uint64_t gpio_edges_collect(uint64_t now)
{
    uint64_t found = 0, level = 0;

    begin();
    for (int i = 0; i < TRIES; i++) { /* until none was detected since the level was read */
        const uint64_t more = read(GPEDS);
        if (more == 0)
            break;
        write(GPEDS, more);
        level = read(GPLEV);
        found |= more;
    }
    found &= rising | falling;
    for (uint64_t left = found; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        take(line, (level >> line & 1) != 0, now);
    }
    end();
    return found;
}
