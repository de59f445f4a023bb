/* SPDX-License-Identifier: MIT */
/* A pin as a switch: a thin face of the granted lines. */
#include "host_switch.h"

#include "devices/gpio.h"

solo5_result_t switch_init(struct host *host, uint32_t pin)
{
    return gpio_line_init(host->gpio, pin);
}

solo5_result_t switch_finalize(struct host *host, uint32_t pin)
{
    return gpio_line_finalize(host->gpio, pin);
}

solo5_result_t switch_in(struct host *host, uint32_t pin)
{
    return gpio_line_in(host->gpio, pin);
}

solo5_result_t switch_out(struct host *host, uint32_t pin)
{
    return gpio_line_out(host->gpio, pin, false);
}

solo5_result_t switch_test(struct host *host, uint32_t pin, uint32_t *value)
{
    bool active = false;
    solo5_result_t result = gpio_line_get(host->gpio, pin, &active);

    *value = active;
    return result;
}

solo5_result_t switch_write(struct host *host, uint32_t pin, uint32_t value)
{
    return gpio_line_set(host->gpio, pin, value != 0);
}
