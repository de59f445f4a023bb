/* SPDX-License-Identifier: MIT */
/* Counts edges, and answers each on its lamp, so that whoever makes them knows when the next may
 * come. "count=N" reads N edges, each exactly once; "unread=N" lets N pass before it reads any. */
#include <solo5_gpio.h>

#include "../expect.h"
#include "lib/string.h"

#define MS     UINT64_C(1000000)
#define WITHIN (UINT64_C(60000) * MS)

static solo5_handle_t button, lamp;

static solo5_result_t next(uint64_t *sequence, uint32_t *lost, uint32_t *edge)
{
    solo5_time_t when;

    return solo5_gpio_event(button, &when, sequence, lost, edge);
}

static void wait(solo5_time_t until)
{
    solo5_handle_set_t ready;

    solo5_yield(until, &ready);
}

/* Nobody moves the button any more: an edge now would be an invented one. */
static void expect_no_more(void)
{
    uint64_t sequence;
    uint32_t lost, edge;

    for (int i = 0; i < 10; i++) {
        wait(solo5_clock_monotonic() + 50 * MS);
        EXPECT(next(&sequence, &lost, &edge) == SOLO5_R_AGAIN);
    }
}

static void count(uint64_t edges)
{
    for (uint64_t seen = 0; seen < edges;) {
        uint64_t sequence;
        uint32_t lost, edge;
        wait(solo5_clock_monotonic() + WITHIN);
        const solo5_result_t result = next(&sequence, &lost, &edge);
        EXPECT(result == SOLO5_R_OK);
        EXPECT(sequence == ++seen && lost == 0);
        EXPECT(((edge & SOLO5_GPIO_RISING) != 0) == (seen % 2 == 1));
        EXPECT(solo5_gpio_set(lamp, seen % 2) == SOLO5_R_OK);
    }
    expect_no_more();
    say("counted %lu\n", edges);
}

/* Levels are looked at besides; the host looks for edges in each yield. */
static void pass(uint64_t edges)
{
    uint32_t last = 0;

    for (uint64_t seen = 0; seen < edges;) {
        uint32_t level;
        wait(solo5_clock_monotonic() + MS);
        EXPECT(solo5_gpio_get(button, &level) == SOLO5_R_OK);
        if (level == last)
            continue;
        /* The host has it by the end of this one, and it stays until the lamp answers. */
        wait(solo5_clock_monotonic() + MS);
        last = level;
        seen++;
        EXPECT(solo5_gpio_set(lamp, level) == SOLO5_R_OK);
    }
}

static void read_what_is_left(uint64_t edges)
{
    uint64_t kept = 0, sequence, before = 0;
    uint32_t lost, edge, total = 0;

    while (next(&sequence, &lost, &edge) == SOLO5_R_OK) {
        EXPECT(sequence == before + lost + 1);
        EXPECT(((edge & SOLO5_GPIO_RISING) != 0) == (sequence % 2 == 1));
        EXPECT(kept == 0 || lost == 0);
        before = sequence;
        total += lost;
        kept++;
    }
    EXPECT(before == edges && kept + total == edges);
    expect_no_more();
    say("lost %u kept %lu\n", total, kept);
}

static uint64_t number(const char *text)
{
    uint64_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static const char counted[] = "count=", unread[] = "unread=";
    solo5_time_t period;
    uint32_t properties;

    EXPECT(solo5_gpio_acquire("button", &button, &period, &properties) == SOLO5_R_OK);
    EXPECT(solo5_gpio_acquire("lamp", &lamp, &period, &properties) == SOLO5_R_OK);
    say("ready\n");
    if (strncmp(info->cmdline, counted, sizeof(counted) - 1) == 0) {
        count(number(info->cmdline + sizeof(counted) - 1));
    } else if (strncmp(info->cmdline, unread, sizeof(unread) - 1) == 0) {
        const uint64_t edges = number(info->cmdline + sizeof(unread) - 1);
        pass(edges);
        read_what_is_left(edges);
    }
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
