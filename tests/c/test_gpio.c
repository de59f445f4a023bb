/* SPDX-License-Identifier: MIT */
/* The granted lines: rights, states and levels. */
#include "check.h"

#include "backends/fake/fake.h"
#include "devices/gpio.h"

#define BOTH (MFT_LINE_IN | MFT_LINE_OUT)

static struct gpio gpio;

static void start(uint32_t line, uint32_t flags)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    CHECK(gpio_grant(&gpio, line, flags));
}

static void a_line_not_granted_refuses_every_call(void)
{
    const uint32_t lines[] = {0, 16, 18, 53, GPIO_LINES - 1, GPIO_LINES, UINT32_MAX};
    bool active = true;

    start(17, BOTH);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        CHECK(gpio_line_init(&gpio, lines[i]) == SOLO5_R_EINVAL);
        CHECK(gpio_line_in(&gpio, lines[i]) == SOLO5_R_EINVAL);
        CHECK(gpio_line_out(&gpio, lines[i], false) == SOLO5_R_EINVAL);
        CHECK(gpio_line_get(&gpio, lines[i], &active) == SOLO5_R_EINVAL);
        CHECK(gpio_line_set(&gpio, lines[i], true) == SOLO5_R_EINVAL);
        CHECK(gpio_line_finalize(&gpio, lines[i]) == SOLO5_R_EINVAL);
    }
    CHECK(gpio.refused == 6 * sizeof(lines) / sizeof(lines[0]));
    CHECK(fake_pins.logged == 0);
}

static void a_zero_value_denies_everything(void)
{
    struct gpio none = {.refused = 0};

    for (uint32_t line = 0; line < GPIO_LINES; line++)
        CHECK(gpio_line_init(&none, line) == SOLO5_R_EINVAL);
}

static void a_line_is_granted_once_and_only_if_it_exists(void)
{
    start(17, BOTH);
    CHECK(!gpio_grant(&gpio, 17, BOTH));
    CHECK(!gpio_grant(&gpio, GPIO_LINES, BOTH));
    CHECK(!gpio_grant(&gpio, UINT32_MAX, BOTH));
}

static void calls_before_init_are_refused(void)
{
    bool active;

    start(17, BOTH);
    CHECK(gpio_line_in(&gpio, 17) == SOLO5_R_EINVAL);
    CHECK(gpio_line_out(&gpio, 17, false) == SOLO5_R_EINVAL);
    CHECK(gpio_line_finalize(&gpio, 17) == SOLO5_R_EINVAL);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_EINVAL);
    CHECK(gpio_line_get(&gpio, 17, &active) == SOLO5_R_EINVAL);
    CHECK(gpio_line_set(&gpio, 17, true) == SOLO5_R_EINVAL);
}

static void a_direction_not_granted_is_refused_and_counted(void)
{
    start(17, MFT_LINE_IN);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_out(&gpio, 17, false) == SOLO5_R_EINVAL);
    CHECK(gpio.refused == 1);
    CHECK(!fake_pins.output[17]);
    CHECK(gpio_line_in(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_set(&gpio, 17, true) == SOLO5_R_EINVAL);
}

static void levels_are_logical(void)
{
    bool active;

    start(17, BOTH | MFT_LINE_ACTIVE_LOW);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_out(&gpio, 17, false) == SOLO5_R_OK);
    CHECK(fake_pins.high[17]);
    CHECK(gpio_line_set(&gpio, 17, true) == SOLO5_R_OK);
    CHECK(!fake_pins.high[17]);
    CHECK(gpio_line_in(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_get(&gpio, 17, &active) == SOLO5_R_OK);
    CHECK(active);
    fake_pins.high[17] = true;
    CHECK(gpio_line_get(&gpio, 17, &active) == SOLO5_R_OK);
    CHECK(!active);
}

static void a_failing_backend_is_reported_and_leaves_no_direction(void)
{
    bool active = true;

    start(17, BOTH);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
    fake_pins.failing = 1;
    CHECK(gpio_line_out(&gpio, 17, false) == SOLO5_R_EUNSPEC);
    CHECK(gpio_line_set(&gpio, 17, true) == SOLO5_R_EINVAL);
    CHECK(gpio_line_in(&gpio, 17) == SOLO5_R_OK);
    fake_pins.failing = 1;
    CHECK(gpio_line_get(&gpio, 17, &active) == SOLO5_R_EUNSPEC);
}

static void finalize_gives_the_line_back_as_an_input(void)
{
    start(17, BOTH);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
    CHECK(gpio_line_out(&gpio, 17, false) == SOLO5_R_OK);
    CHECK(fake_pins.output[17]);
    CHECK(gpio_line_finalize(&gpio, 17) == SOLO5_R_OK);
    CHECK(!fake_pins.output[17]);
    CHECK(gpio_line_init(&gpio, 17) == SOLO5_R_OK);
}

int main(void)
{
    a_line_not_granted_refuses_every_call();
    a_zero_value_denies_everything();
    a_line_is_granted_once_and_only_if_it_exists();
    calls_before_init_are_refused();
    a_direction_not_granted_is_refused_and_counted();
    levels_are_logical();
    a_failing_backend_is_reported_and_leaves_no_direction();
    finalize_gives_the_line_back_as_an_input();
    return 0;
}
