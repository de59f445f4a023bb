/* SPDX-License-Identifier: MIT */
/* c/apps/test_switch on the loop platform: the lamp follows the switch, and only the switch. */
#include "check.h"

#include "backends/fake/fake.h"
#include "devices.h"
#include "devices/gpio.h"
#include "guest/loop/loop.h"

#define MS UINT64_C(1000000)

static struct gpio gpio;
static struct host host;

static int run(const char *cmdline, const struct fake_edge *edges, size_t count)
{
    fake_reset();
    fake_play(edges, count);
    gpio = (struct gpio){.backend = &fake_pins.face};
    CHECK(gpio_grant(&gpio, PIN_BUTTON, MFT_LINE_IN));
    CHECK(gpio_grant(&gpio, PIN_LAMP, MFT_LINE_OUT));
    host = (struct host){.gpio = &gpio};
    return loop_run(&host, cmdline);
}

static void every_press_lights_the_lamp_for_as_long_as_it_lasts(void)
{
    static const struct fake_edge presses[] = {
        {10 * MS, PIN_BUTTON, true},  {40 * MS, PIN_BUTTON, false},
        {100 * MS, PIN_BUTTON, true}, {103 * MS, PIN_BUTTON, false},
    };
    const size_t count = sizeof(presses) / sizeof(presses[0]);

    CHECK_EQUAL(run("--solo5:quiet presses=2", presses, count), 0);
    CHECK_EQUAL(fake_pins.logged, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQUAL(fake_pins.log[i].line, PIN_LAMP);
        CHECK_EQUAL(fake_pins.log[i].high, presses[i].high);
        CHECK(fake_pins.log[i].at >= presses[i].at && fake_pins.log[i].at - presses[i].at <= MS);
    }
    CHECK_TEXT(fake_console.text, "test_switch: ready\nswitch on\nswitch off\nswitch on\n"
                                  "switch off\nSUCCESS\n");
}

static void other_lines_are_no_press(void)
{
    static const struct fake_edge edges[] = {
        {10 * MS, 4, true},
        {20 * MS, PIN_BUTTON, true},
        {30 * MS, 4, false},
        {40 * MS, PIN_BUTTON, false},
    };

    CHECK_EQUAL(run("--solo5:quiet presses=1", edges, sizeof(edges) / sizeof(edges[0])), 0);
    CHECK_EQUAL(fake_pins.logged, 2);
}

static void the_pins_are_given_back(void)
{
    static const struct fake_edge press[] = {{MS, PIN_BUTTON, true}, {2 * MS, PIN_BUTTON, false}};

    CHECK_EQUAL(run("presses=1", press, 2), 0);
    CHECK(!fake_pins.output[PIN_LAMP]);
    CHECK_EQUAL(gpio.lines[PIN_LAMP].state, GPIO_GRANTED);
    CHECK_EQUAL(gpio.lines[PIN_BUTTON].state, GPIO_GRANTED);
}

static void without_a_grant_it_fails_and_touches_nothing(void)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    host = (struct host){.gpio = &gpio};
    CHECK_EQUAL(loop_run(&host, "--solo5:quiet presses=1"), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: switch init: result 2\n");
    CHECK_EQUAL(gpio.refused, 1);
}

static void a_wrong_command_line_is_refused(void)
{
    CHECK_EQUAL(run("--solo5:quiet presses=none", NULL, 0), 1);
    CHECK(fake_pins.logged == 0);
}

int main(void)
{
    every_press_lights_the_lamp_for_as_long_as_it_lasts();
    other_lines_are_no_press();
    the_pins_are_given_back();
    without_a_grant_it_fails_and_touches_nothing();
    a_wrong_command_line_is_refused();
    return 0;
}
