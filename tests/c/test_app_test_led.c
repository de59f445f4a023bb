/* SPDX-License-Identifier: MIT */
/* The application test_led on the fake board: the edges on its pin, and a host that fails. */
#include "backends/fake/fake.h"
#include "check.h"
#include "devices/gpio.h"
#include "tender/loop/run.h"

#define LAMP 25

static struct gpio gpio;
static struct host host;

static int run(uint32_t granted, uint32_t failing)
{
    fake_reset();
    fake_pins.failing = failing;
    gpio = (struct gpio){.backend = &fake_pins.face};
    CHECK(gpio_grant(&gpio, granted, MFT_LINE_OUT));
    host = (struct host){.gpio = &gpio};
    return loop_run(&host, loop_start, "--solo5:quiet", 0x100000);
}

static void lights_once_and_blinks_three_times(void)
{
    CHECK_EQUAL(run(LAMP, 0), 0);
    CHECK_EQUAL(fake_pins.logged, 8);
    for (size_t i = 0; i < fake_pins.logged; i++) {
        CHECK_EQUAL(fake_pins.log[i].line, LAMP);
        CHECK_EQUAL(fake_pins.log[i].high, i % 2 == 0);
    }
    CHECK_EQUAL(fake_pins.log[3].at - fake_pins.log[2].at, 50000000);
    CHECK(!fake_pins.output[LAMP]);
    CHECK(strstr(fake_console.text, "led finalize\nSUCCESS\n") != NULL);
}

static void a_pin_that_was_not_granted_is_a_failure(void)
{
    CHECK_EQUAL(run(LAMP + 1, 0), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: led init on pin 25: result 2\n");
}

static void a_host_that_fails_is_a_failure(void)
{
    CHECK_EQUAL(run(LAMP, 1), 1);
    CHECK_TEXT(fake_console.text, "FAILURE: led init on pin 25: result 3\n");
}

int main(void)
{
    lights_once_and_blinks_three_times();
    a_pin_that_was_not_granted_is_a_failure();
    a_host_that_fails_is_a_failure();
    return 0;
}
