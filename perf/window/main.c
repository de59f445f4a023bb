/* SPDX-License-Identifier: MIT */
/* On bare metal: what the way to the host and back costs, and a line through its virtio device. */
#include <solo5.h>

#include "../measure.h"
#include "devices.h"
#include "guest/virtio/gpio.h"

static void wall(void)
{
    solo5_clock_wall();
}

static void say_nothing(void)
{
    solo5_console_write("", 0);
}

static void yield_past(void)
{
    solo5_yield(0, NULL);
}

static void set(void)
{
    virtio_gpio_set(PIN_RED, true);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    if (!virtio_gpio_begin() || !virtio_gpio_direct(PIN_RED, VIRTIO_OUT))
        return SOLO5_EXIT_FAILURE;
    measure("clock_wall", wall, MEASURE_COUNT);
    measure("console_write_empty", say_nothing, MEASURE_COUNT);
    measure("yield_past", yield_past, MEASURE_COUNT);
    measure("gpio_set_window", set, MEASURE_COUNT);
    return SOLO5_EXIT_SUCCESS;
}
