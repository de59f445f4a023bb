/* SPDX-License-Identifier: MIT */
/* Moves and reads several lines at once, and what is refused of that. */
#include <solo5_gpio.h>

#include "../expect.h"

#define BIT(handle) (UINT64_C(1) << (handle))

static solo5_handle_t take(const char *name)
{
    solo5_handle_t handle;
    solo5_time_t period;
    uint32_t properties;

    EXPECT(solo5_gpio_acquire(name, &handle, &period, &properties) == SOLO5_R_OK);
    return handle;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    const solo5_handle_t red = take("red"), green = take("green"), blue = take("blue"),
                         input = take("input");
    const uint64_t outputs = BIT(red) | BIT(green) | BIT(blue);
    uint64_t values;
    uint32_t value;

    (void)info;
    EXPECT(solo5_gpio_get_many(outputs, &values) == SOLO5_R_OK && values == 0);
    EXPECT(solo5_gpio_set_many(outputs, BIT(red) | BIT(green)) == SOLO5_R_OK);
    EXPECT(solo5_gpio_get_many(outputs, &values) == SOLO5_R_OK);
    EXPECT((values & (BIT(red) | BIT(green))) == (BIT(red) | BIT(green)));
    EXPECT(solo5_gpio_set_many(BIT(green), 0) == SOLO5_R_OK);
    EXPECT(solo5_gpio_get(red, &value) == SOLO5_R_OK && value == 1);
    EXPECT(solo5_gpio_get(green, &value) == SOLO5_R_OK && value == 0);

    EXPECT(solo5_gpio_set_many(outputs | BIT(input), 0) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_set_many(BIT(63), 0) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_set(input, 1) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_out(input, 1) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_set(red, 2) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_get(red, &value) == SOLO5_R_OK && value == 1);
    EXPECT(solo5_gpio_in(red) == SOLO5_R_EINVAL);
    say("moved\n");
    solo5_yield(solo5_clock_monotonic() + UINT64_C(500000000), NULL);
    EXPECT(solo5_gpio_release(red) == SOLO5_R_OK);
    EXPECT(solo5_gpio_set(red, 1) == SOLO5_R_EINVAL);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
