/* SPDX-License-Identifier: MIT */
/* The application test_switch on the fake board: presses go in, the lamp's edges come out. */
#include "backends/fake/fake.h"
#include "check.h"
#include "devices/gpio.h"
#include "tender/loop/run.h"

#define BUTTON 17
#define LAMP   18
#define MS     UINT64_C(1000000)

static struct gpio gpio;
static struct host host;

static const struct fake_edge presses[] = {
    {10 * MS + 500000, BUTTON, true}, {50 * MS, BUTTON, false}, {200 * MS + 999999, BUTTON, true},
    {260 * MS, BUTTON, false},        {400 * MS, BUTTON, true}, {401 * MS, BUTTON, false},
};

static void start(void)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    host = (struct host){.gpio = &gpio};
}

static int run(const char *cmdline)
{
    CHECK(gpio_grant(&gpio, BUTTON, MFT_LINE_IN | MFT_LINE_PULL_DOWN));
    CHECK(gpio_grant(&gpio, LAMP, MFT_LINE_OUT));
    return loop_run(&host, loop_start, cmdline, 0x100000);
}

static void the_lamp_follows_within_a_millisecond(void)
{
    start();
    fake_play(presses, 6);
    CHECK_EQUAL(run("--solo5:quiet presses=3"), 0);
    CHECK_EQUAL(fake_pins.logged, 6);
    for (size_t i = 0; i < 6; i++) {
        CHECK_EQUAL(fake_pins.log[i].line, LAMP);
        CHECK_EQUAL(fake_pins.log[i].high, presses[i].high);
        CHECK(fake_pins.log[i].at - presses[i].at <= MS);
    }
    CHECK_TEXT(fake_console.text, "test_switch: ready\n"
                                  "switch on\nswitch off\n"
                                  "switch on\nswitch off\n"
                                  "switch on\nswitch off\n"
                                  "SUCCESS\n");
}

static void the_last_press_ends_it(void)
{
    start();
    fake_play(presses, 6);
    CHECK_EQUAL(run("--solo5:quiet presses=1"), 0);
    CHECK_EQUAL(fake_pins.logged, 2);
    CHECK(fake_time.now < 60 * MS);
}

static void a_wrong_word_is_a_failure(void)
{
    static const char *const wrong[] = {"presses=", "presses=0", "presses=1x", "press=1", "1"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        start();
        CHECK_EQUAL(run(wrong[i]), 1);
        CHECK(strstr(fake_console.text, "FAILURE: write presses=N") != NULL);
    }
}

static void a_pin_that_was_not_granted_is_a_failure(void)
{
    start();
    CHECK_EQUAL(loop_run(&host, loop_start, "--solo5:quiet presses=1", 0x100000), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: switch init: result 2\n");
}

static void a_host_that_fails_is_a_failure(void)
{
    start();
    fake_pins.failing = 1;
    CHECK_EQUAL(run("--solo5:quiet presses=1"), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: switch in: result 3\n");
}

int main(void)
{
    the_lamp_follows_within_a_millisecond();
    the_last_press_ends_it();
    a_wrong_word_is_a_failure();
    a_pin_that_was_not_granted_is_a_failure();
    a_host_that_fails_is_a_failure();
    return 0;
}
