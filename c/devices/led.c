/* SPDX-License-Identifier: MIT */
/* A pin as a light: a thin face of the granted lines. */
#include "host_led.h"

#include "devices/gpio.h"

solo5_result_t led_init(struct host *host, uint32_t pin)
{
    solo5_result_t result = gpio_line_init(host->gpio, pin);

    if (result != SOLO5_R_OK)
        return result;
    result = gpio_line_out(host->gpio, pin, false);
    if (result != SOLO5_R_OK)
        gpio_line_finalize(host->gpio, pin);
    return result;
}

solo5_result_t led_on(struct host *host, uint32_t pin)
{
    return gpio_line_set(host->gpio, pin, true);
}

solo5_result_t led_off(struct host *host, uint32_t pin)
{
    return gpio_line_set(host->gpio, pin, false);
}

solo5_result_t led_finalize(struct host *host, uint32_t pin)
{
    solo5_result_t dark = gpio_line_set(host->gpio, pin, false);
    solo5_result_t given = gpio_line_finalize(host->gpio, pin);

    return given != SOLO5_R_OK ? given : dark;
}
