/* SPDX-License-Identifier: MIT */
/* c/apps/test_led on the loop platform: its five steps move GPIO 25 and nothing else. */
#include "check.h"

#include "backends/fake/fake.h"
#include "devices.h"
#include "devices/gpio.h"
#include "guest/loop/loop.h"

static struct gpio gpio;
static struct host host;

static int run(void)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    CHECK(gpio_grant(&gpio, 25, MFT_LINE_OUT));
    host = (struct host){.gpio = &gpio};
    return loop_run(&host, "--solo5:quiet");
}

static void the_led_of_the_led_work_is_gpio_25(void)
{
    CHECK_EQUAL(PIN_LAMP, 25);
}

static void it_is_lit_and_darkened_four_times(void)
{
    CHECK_EQUAL(run(), 0);
    CHECK_EQUAL(fake_pins.logged, 8);
    for (size_t i = 0; i < fake_pins.logged; i++) {
        CHECK_EQUAL(fake_pins.log[i].line, 25);
        CHECK_EQUAL(fake_pins.log[i].high, i % 2 == 0);
    }
    CHECK(!fake_pins.output[25]);
}

static void a_failing_board_is_reported(void)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    CHECK(gpio_grant(&gpio, 25, MFT_LINE_OUT));
    host = (struct host){.gpio = &gpio};
    fake_pins.failing = 1;
    CHECK_EQUAL(loop_run(&host, "--solo5:quiet"), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: led init on pin 25: result 3\n");
}

int main(void)
{
    the_led_of_the_led_work_is_gpio_25();
    it_is_lit_and_darkened_four_times();
    a_failing_board_is_reported();
    return 0;
}
