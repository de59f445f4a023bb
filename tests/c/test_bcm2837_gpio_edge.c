/* SPDX-License-Identifier: MIT */
/* The edges that the chip detects: a model of its registers, and what is made of them. */
#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/gpio_edge.h"

#include "check.h"

enum { GPLEV = 0x34 / 4, GPEDS = 0x40 / 4, GPREN = 0x4c / 4, GPFEN = 0x58 / 4, WORDS = 0xa0 / 4 };

static uint32_t words[WORDS];
static volatile uint32_t
    pins[WORDS];               /* what gpio.c writes, functions and levels, is not looked at */
static bool has_events = true; /* QEMU's chip has none */
static void (*on_clear)(void); /* once, behind the next clearing of an event */
static struct gpio_reported own, other;

static uint32_t bank(uint32_t line)
{
    return line / 32;
}

static void move(uint32_t line, bool high)
{
    const uint32_t bit = UINT32_C(1) << line % 32;
    const bool was = (words[GPLEV + bank(line)] & bit) != 0;

    words[GPLEV + bank(line)] = (words[GPLEV + bank(line)] & ~bit) | (high ? bit : 0);
    if (was != high && has_events)
        words[GPEDS + bank(line)] |= words[(high ? GPREN : GPFEN) + bank(line)] & bit;
}

uint32_t gpio_register_read(uint32_t at)
{
    return words[at];
}

void gpio_register_write(uint32_t at, uint32_t value)
{
    const bool clears = at == GPEDS || at == GPEDS + 1;
    void (*const meanwhile)(void) = on_clear;

    if (!has_events)
        return;
    if (!clears) {
        words[at] = value;
        return;
    }
    words[at] &= ~value;
    if (value != 0 && meanwhile) {
        on_clear = NULL;
        meanwhile();
    }
}

static void begin(void)
{
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = 0;
    CHECK(gpio_edges_found());
    gpio_edges_report(&own);
    gpio_edges_report(&other);
}

static void expect(struct gpio_reported *whose, uint32_t line, bool high, uint64_t at)
{
    struct gpio_edge edge;

    CHECK(whose->backend.edge(&whose->backend, &edge));
    CHECK_EQUAL(edge.line, line);
    CHECK_EQUAL(edge.high, high);
    CHECK_EQUAL(edge.at, at);
}

static void expect_none(struct gpio_reported *whose)
{
    struct gpio_edge edge;

    CHECK(!whose->backend.edge(&whose->backend, &edge));
}

static void watch(struct gpio_reported *whose, uint32_t line, bool rising, bool falling)
{
    CHECK(whose->backend.in(&whose->backend, line, rising, falling));
}

static void a_chip_without_the_registers_is_known(void)
{
    has_events = false;
    CHECK(!gpio_edges_found());
    has_events = true;
    words[GPEDS] = 5; /* of whoever ran before */
    CHECK(gpio_edges_found());
    CHECK_EQUAL(words[GPREN + 1], 0);
    CHECK_EQUAL(words[GPEDS], 0);
}

static void edges_come_in_their_order(void)
{
    begin();
    watch(&own, 17, true, true);
    watch(&own, 40, true, true);
    CHECK_EQUAL(gpio_edges_collect(10), 0);
    move(40, true);
    CHECK_EQUAL(gpio_edges_collect(20), UINT64_C(1) << 40);
    move(17, true);
    CHECK_EQUAL(gpio_edges_collect(30), 1u << 17);
    move(40, false);
    gpio_edges_collect(40);
    expect(&own, 40, true, 20);
    expect(&own, 17, true, 30);
    expect(&own, 40, false, 40);
    expect_none(&own);
}

static void only_what_is_wanted_is_detected(void)
{
    begin();
    watch(&own, 4, true, false);
    watch(&own, 5, false, true);
    for (int i = 0; i < 2; i++) {
        move(4, true);
        move(5, true);
        gpio_edges_collect(1);
        move(4, false);
        move(5, false);
        gpio_edges_collect(2);
    }
    expect(&own, 4, true, 1);
    expect(&own, 4, true, 1);
    expect(&own, 5, false, 2);
    expect(&own, 5, false, 2);
    expect_none(&own);
}

static void a_pulse_between_two_looks_is_two_edges(void)
{
    begin();
    watch(&own, 17, true, true);
    move(17, true);
    move(17, false);
    gpio_edges_collect(7);
    expect(&own, 17, true, 7);
    expect(&own, 17, false, 7);
    expect_none(&own);
}

static void fall(void)
{
    move(17, false);
}

static void an_edge_while_others_are_taken_is_neither_lost_nor_invented(void)
{
    begin();
    watch(&own, 17, true, true);
    move(17, true);
    on_clear = fall;
    gpio_edges_collect(7);
    expect(&own, 17, true, 7);
    expect(&own, 17, false, 7);
    expect_none(&own);
    CHECK_EQUAL(gpio_edges_collect(8), 0);
}

static void each_guest_has_the_edges_of_its_own_lines(void)
{
    begin();
    watch(&own, 17, true, true);
    watch(&other, 18, true, true);
    move(17, true);
    move(18, true);
    gpio_edges_collect(1);
    expect(&other, 18, true, 1);
    expect_none(&other);
    expect(&own, 17, true, 1);
    expect_none(&own);
}

static void a_line_that_is_given_back_detects_nothing(void)
{
    begin();
    watch(&own, 17, true, true);
    watch(&own, 18, true, true);
    move(17, true);
    gpio_edges_collect(1);
    CHECK(own.backend.release(&own.backend, 17));
    CHECK(own.backend.out(&own.backend, 18, true));
    CHECK_EQUAL(words[GPREN], 0);
    CHECK_EQUAL(words[GPFEN], 0);
    expect_none(&own);
    watch(&own, 17, true, true);
    expect_none(&own); /* of before */
    CHECK(!own.backend.in(&own.backend, PINS, true, true));
    CHECK(!own.backend.out(&own.backend, PINS, true));
}

static void edges_without_room_are_counted(void)
{
    struct gpio_edge edge;
    uint32_t count = 0;

    begin();
    watch(&own, 17, true, true);
    for (uint32_t i = 0; i < 70; i++) {
        move(17, i % 2 == 0);
        gpio_edges_collect(i);
    }
    for (; count < 64; count++) {
        CHECK(own.backend.edge(&own.backend, &edge));
        CHECK_EQUAL(edge.lost, 0);
        CHECK_EQUAL(edge.at, count);
    }
    expect_none(&own);
    move(17, true);
    gpio_edges_collect(100);
    CHECK(own.backend.edge(&own.backend, &edge));
    CHECK_EQUAL(edge.lost, 6);
}

int main(void)
{
    gpio_registers = pins;
    a_chip_without_the_registers_is_known();
    edges_come_in_their_order();
    only_what_is_wanted_is_detected();
    a_pulse_between_two_looks_is_two_edges();
    an_edge_while_others_are_taken_is_neither_lost_nor_invented();
    each_guest_has_the_edges_of_its_own_lines();
    a_line_that_is_given_back_detects_nothing();
    edges_without_room_are_counted();
    return 0;
}
