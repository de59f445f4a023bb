/* SPDX-License-Identifier: MIT */
/* Pins made of memory: stimuli go in, a log of the guest's own edges comes out. */
#include "backends/fake/fake.h"

static void set_level(uint32_t line, bool high)
{
    struct fake_pins *pins = &fake_pins;

    if (pins->high[line] == high)
        return;
    pins->high[line] = high;
    if (pins->logged < FAKE_LOG_MAX)
        pins->log[pins->logged++] = (struct fake_edge){fake_time.now, line, high};
}

static bool works(uint32_t line)
{
    if (fake_pins.failing == 0)
        return line < FAKE_LINES;
    fake_pins.failing--;
    return false;
}

static bool pin_in(struct gpio_backend *self, uint32_t line, bool rising, bool falling)
{
    (void)self;
    if (!works(line))
        return false;
    fake_pins.output[line] = false;
    fake_pins.rising[line] = rising;
    fake_pins.falling[line] = falling;
    return true;
}

static bool pin_out(struct gpio_backend *self, uint32_t line, bool high)
{
    (void)self;
    if (!works(line))
        return false;
    fake_pins.output[line] = true;
    fake_pins.rising[line] = fake_pins.falling[line] = false;
    set_level(line, high);
    return true;
}

static bool pin_get(struct gpio_backend *self, uint64_t lines, uint64_t *high)
{
    (void)self;
    if (!works(0))
        return false;
    *high = 0;
    for (uint32_t line = 0; line < FAKE_LINES; line++)
        *high |= (uint64_t)fake_pins.high[line] << line;
    *high &= lines;
    return true;
}

static bool pin_set(struct gpio_backend *self, uint64_t lines, uint64_t high)
{
    (void)self;
    if (!works(0))
        return false;
    for (uint32_t line = 0; line < FAKE_LINES; line++) {
        if (lines >> line & 1)
            set_level(line, (high >> line & 1) != 0);
    }
    return true;
}

static bool pin_release(struct gpio_backend *self, uint32_t line)
{
    return pin_in(self, line, false, false);
}

/* As the kernel does it: when there is no more room the oldest edge, of whatever line, goes. */
static void report_edge(uint32_t line, bool high, uint64_t at)
{
    struct fake_pins *pins = &fake_pins;

    if (pins->silent || !pins->face.edge || !(high ? pins->rising[line] : pins->falling[line]))
        return;
    if (pins->edge_count == FAKE_EDGES) {
        pins->lost[pins->edges[0].line]++;
        pins->edge_count--;
        for (size_t i = 0; i < pins->edge_count; i++)
            pins->edges[i] = pins->edges[i + 1];
    }
    pins->edges[pins->edge_count++] = (struct gpio_edge){.at = at, .line = line, .high = high};
}

static bool pin_edge(struct gpio_backend *self, struct gpio_edge *edge)
{
    struct fake_pins *pins = &fake_pins;

    (void)self;
    if (pins->edge_count == 0)
        return false;
    *edge = pins->edges[0];
    edge->lost = pins->lost[edge->line];
    pins->lost[edge->line] = 0;
    pins->edge_count--;
    for (size_t i = 0; i < pins->edge_count; i++)
        pins->edges[i] = pins->edges[i + 1];
    return true;
}

#define FACE                                                                                       \
    {                                                                                              \
        .in = pin_in, .out = pin_out, .get = pin_get, .set = pin_set, .release = pin_release,      \
        .edge = pin_edge,                                                                          \
    }

struct fake_pins fake_pins = {.face = FACE};

void fake_reset(void)
{
    fake_pins = (struct fake_pins){.face = FACE};
    fake_console = (struct fake_console){.size = 0};
    fake_time = (struct fake_time){.wall = 0};
    fake_ready = 0;
    for (size_t i = 0; i < FAKE_DEVICES; i++) {
        fake_disks[i] = (struct fake_disk){.size = 0};
        fake_nets[i].sent.count = fake_nets[i].waiting.count = 0;
    }
}

void fake_play(const struct fake_edge *edges, size_t count)
{
    fake_pins.stimuli = edges;
    fake_pins.stimuli_left = count;
}

uint64_t fake_stimulus_next(void)
{
    return fake_pins.stimuli_left ? fake_pins.stimuli->at : UINT64_MAX;
}

void fake_stimulus_apply(void)
{
    const struct fake_edge *edge = fake_pins.stimuli++;

    fake_pins.stimuli_left--;
    if (edge->line >= FAKE_LINES || fake_pins.output[edge->line] ||
        fake_pins.high[edge->line] == edge->high)
        return;
    fake_pins.high[edge->line] = edge->high;
    report_edge(edge->line, edge->high, edge->at);
}
