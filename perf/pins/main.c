/* SPDX-License-Identifier: MIT */
/* Makes each call that reaches a line many times and prints what one took; and moves a line through
 * the chip's registers, if it was given them. */
#include <solo5_gpio.h>
#include <solo5_led.h>
#include <solo5_switch.h>

#include "../measure.h"
#include "devices.h"
#include "gpio_page.h"

static solo5_handle_t red, green, blue;
static uint64_t three; /* the bits of these */
static uint64_t page;

static void test(void)
{
    uint32_t level;

    solo5_switch_test(PIN_BUTTON, &level);
}

static void write(void)
{
    solo5_switch_write(PIN_LAMP, 1);
}

static void led(void)
{
    solo5_led_on(PIN_LIGHT);
}

static void denied(void)
{
    solo5_led_on(PIN_LIGHT + 1);
}

static void get(void)
{
    uint32_t value;

    solo5_gpio_get(red, &value);
}

static void set(void)
{
    solo5_gpio_set(red, 1);
}

static void set_many(void)
{
    solo5_gpio_set_many(three, three);
}

static void move(void)
{
    gpio_page_set(page, PIN_RED, true);
}

static bool acquire(const char *name, solo5_handle_t *handle)
{
    solo5_time_t period;
    uint32_t properties;

    return solo5_gpio_acquire(name, handle, &period, &properties) == SOLO5_R_OK;
}

static bool prepare(void)
{
    return solo5_switch_init(PIN_BUTTON) == SOLO5_R_OK &&
           solo5_switch_in(PIN_BUTTON) == SOLO5_R_OK && solo5_switch_init(PIN_LAMP) == SOLO5_R_OK &&
           solo5_switch_out(PIN_LAMP) == SOLO5_R_OK && solo5_led_init(PIN_LIGHT) == SOLO5_R_OK &&
           acquire("red", &red) && acquire("green", &green) && acquire("blue", &blue);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    if (!prepare())
        return SOLO5_EXIT_FAILURE;
    three = UINT64_C(1) << red | UINT64_C(1) << green | UINT64_C(1) << blue;
    measure("switch_test", test, MEASURE_COUNT);
    measure("switch_write", write, MEASURE_COUNT);
    measure("led_on", led, MEASURE_COUNT);
    measure("led_on_denied", denied, MEASURE_COUNT);
    measure("gpio_get", get, MEASURE_COUNT);
    measure("gpio_set", set, MEASURE_COUNT);
    measure("gpio_set_many", set_many, MEASURE_COUNT);
    if (solo5_gpio_page(&page) == SOLO5_R_OK)
        measure("gpio_page", move, MEASURE_MANY);
    return SOLO5_EXIT_SUCCESS;
}
