/* SPDX-License-Identifier: MIT */
/* The edges of watched lines: reported by the chip, or seen by looking at the level. */
#include "devices/gpio.h"

#include <stddef.h>

#include "backends/clock.h"
#include "backends/guest_clock.h"

#define BIT(line) (UINT64_C(1) << (line))

bool gpio_is_sampled(const struct gpio *gpio)
{
    return gpio->edges == GPIO_EDGES_SAMPLED || (gpio->backend && !gpio->backend->edge);
}

uint64_t gpio_period(const struct gpio *gpio)
{
    return gpio->period ? gpio->period : GPIO_PERIOD;
}

void gpio_unwatch(struct gpio *gpio, uint32_t line)
{
    gpio->watched &= ~BIT(line);
    gpio->unread &= ~BIT(line);
}

/* Keeps an edge; the oldest gives way when there is no room. */
static void keep(struct gpio *gpio, uint32_t line, bool high, uint64_t at, bool sampled)
{
    struct gpio_line *it = &gpio->lines[line];
    const bool active = high != ((it->flags & MFT_LINE_ACTIVE_LOW) != 0);

    if (!(it->flags & (active ? MFT_LINE_EDGE_RISING : MFT_LINE_EDGE_FALLING)))
        return;
    if (it->count == GPIO_EVENTS) {
        it->first = (it->first + 1) % GPIO_EVENTS;
        it->count--;
    }
    it->events[(it->first + it->count++) % GPIO_EVENTS] = (struct gpio_event){
        .at = backend_guest_clock(at),
        .sequence = ++it->sequence,
        .active = active,
        .sampled = sampled,
    };
    gpio->unread |= BIT(line);
}

/* The chip does report edges: what looking has gathered until now will come from it as well. */
static void prove(struct gpio *gpio)
{
    gpio->edges = GPIO_EDGES_REPORTED;
    for (uint64_t left = gpio->unread; left != 0; left &= left - 1) {
        struct gpio_line *it = &gpio->lines[__builtin_ctzll(left)];
        it->first = it->count = 0;
        it->sequence = 0;
    }
    gpio->unread = 0;
}

static void fetch(struct gpio *gpio)
{
    struct gpio_edge edge;

    while (gpio->backend->edge(gpio->backend, &edge)) {
        if (edge.line >= GPIO_LINES || !(gpio->watched & BIT(edge.line)))
            continue;
        if (gpio->edges == GPIO_EDGES_UNPROVEN)
            prove(gpio);
        gpio->lines[edge.line].sequence += edge.lost;
        keep(gpio, edge.line, edge.high, edge.at, false);
    }
}

void gpio_watch(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = &gpio->lines[line];
    uint64_t high = 0;

    if (gpio->backend->edge)
        fetch(gpio); /* what is left of this line from before is dropped */
    it->first = it->count = 0;
    it->sequence = it->delivered = 0;
    gpio->backend->get(gpio->backend, BIT(line), &high);
    gpio->high = (gpio->high & ~BIT(line)) | (high & BIT(line));
    gpio->watched |= BIT(line);
}

static void look(struct gpio *gpio)
{
    const uint64_t now = backend_clock_monotonic();
    uint64_t high;

    if (!gpio->backend->get(gpio->backend, gpio->watched, &high))
        return;
    const uint64_t changed = (gpio->high ^ high) & gpio->watched;
    gpio->high ^= changed;
    for (uint64_t left = changed; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        keep(gpio, line, (high >> line & 1) != 0, now, true);
    }
    if (gpio->edges == GPIO_EDGES_SAMPLED || gpio->unread == 0)
        return;
    if (gpio->doubt == 0)
        gpio->doubt = now;
    if (now - gpio->doubt >= GPIO_GRACE) {
        gpio->edges = GPIO_EDGES_SAMPLED;
        if (gpio->says_sampled)
            gpio->says_sampled();
    }
}

void gpio_collect(struct gpio *gpio)
{
    if (gpio->watched == 0)
        return;
    if (gpio_is_sampled(gpio))
        gpio->edges = GPIO_EDGES_SAMPLED;
    else
        fetch(gpio);
    if (gpio->edges != GPIO_EDGES_REPORTED)
        look(gpio);
}

/* Until the chip is known to report edges or not to, what was seen may be reported yet. */
static uint64_t readable(const struct gpio *gpio)
{
    return gpio->edges == GPIO_EDGES_UNPROVEN ? 0 : gpio->unread;
}

solo5_result_t gpio_line_event(struct gpio *gpio, uint32_t line, struct gpio_event *event,
                               uint32_t *lost)
{
    if (line >= GPIO_LINES || !(gpio->watched & BIT(line)))
        return SOLO5_R_EINVAL;
    struct gpio_line *it = &gpio->lines[line];

    if (!(readable(gpio) & BIT(line)))
        gpio_collect(gpio);
    if (!(readable(gpio) & BIT(line)))
        return SOLO5_R_AGAIN;
    *event = it->events[it->first];
    it->first = (it->first + 1) % GPIO_EVENTS;
    if (--it->count == 0)
        gpio->unread &= ~BIT(line);
    const uint64_t missing = event->sequence - it->delivered - 1;
    *lost = missing > UINT32_MAX ? UINT32_MAX : (uint32_t)missing;
    it->delivered = event->sequence;
    return SOLO5_R_OK;
}

/* The handles of (lines). */
static uint64_t handles_of(const struct gpio *gpio, uint64_t lines)
{
    const struct mft *manifest = gpio->host->manifest;
    uint64_t handles = 0;

    for (uint32_t i = 1; manifest && i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type == MFT_LINE && entry->attached && (lines & BIT(entry->u.line.line)))
            handles |= BIT(i);
    }
    return handles;
}

static uint64_t look_at(struct waiter *self, uint64_t *patience)
{
    struct gpio *gpio = (struct gpio *)((char *)self - offsetof(struct gpio, waiter));

    gpio_collect(gpio);
    const uint64_t lines = readable(gpio);
    if (gpio->watched != 0 && gpio->edges != GPIO_EDGES_REPORTED && *patience > gpio_period(gpio))
        *patience = gpio_period(gpio);
    return lines == 0 ? 0 : handles_of(gpio, lines);
}

void gpio_attach(struct gpio *gpio, struct host *host)
{
    gpio->waiter = (struct waiter){.look = look_at, .next = host->waiters};
    host->waiters = &gpio->waiter;
    gpio->host = host;
    host->gpio = gpio;
}
