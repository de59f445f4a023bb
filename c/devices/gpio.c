/* SPDX-License-Identifier: MIT */
/* The lines a guest was granted: who may do what to which pin. */
#include "devices/gpio.h"

#include <stddef.h>

bool gpio_grant(struct gpio *gpio, uint32_t line, uint32_t flags)
{
    if (line >= GPIO_LINES || gpio->lines[line].state != GPIO_DENIED)
        return false;
    gpio->lines[line] = (struct gpio_line){.state = GPIO_GRANTED, .flags = flags};
    return true;
}

/* The granted line, or NULL and a refusal counted. */
static struct gpio_line *granted(struct gpio *gpio, uint32_t line)
{
    if (line >= GPIO_LINES || gpio->lines[line].state == GPIO_DENIED) {
        gpio->refused++;
        return NULL;
    }
    return &gpio->lines[line];
}

/* The granted and initialised line, if it was granted for the direction (right) as well. */
static struct gpio_line *initialised(struct gpio *gpio, uint32_t line, uint32_t right)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state < GPIO_READY)
        return NULL;
    if ((it->flags & right) != right) {
        gpio->refused++;
        return NULL;
    }
    return it;
}

static bool is_high(const struct gpio_line *line, bool active)
{
    return active != ((line->flags & MFT_LINE_ACTIVE_LOW) != 0);
}

solo5_result_t gpio_init(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state != GPIO_GRANTED)
        return SOLO5_R_EINVAL;
    it->state = GPIO_READY;
    return SOLO5_R_OK;
}

solo5_result_t gpio_finalize(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, 0);

    if (!it)
        return SOLO5_R_EINVAL;
    it->state = GPIO_GRANTED;
    return gpio->backend->release(gpio->backend, line) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t gpio_in(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, MFT_LINE_IN);

    if (!it)
        return SOLO5_R_EINVAL;
    it->state = GPIO_READY;
    if (!gpio->backend->in(gpio->backend, line))
        return SOLO5_R_EUNSPEC;
    it->state = GPIO_IN;
    return SOLO5_R_OK;
}

solo5_result_t gpio_out(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, MFT_LINE_OUT);

    if (!it)
        return SOLO5_R_EINVAL;
    it->state = GPIO_READY;
    if (!gpio->backend->out(gpio->backend, line, is_high(it, false)))
        return SOLO5_R_EUNSPEC;
    it->state = GPIO_OUT;
    return SOLO5_R_OK;
}

solo5_result_t gpio_get(struct gpio *gpio, uint32_t line, bool *active)
{
    struct gpio_line *it = granted(gpio, line);
    bool high;

    if (!it || it->state != GPIO_IN)
        return SOLO5_R_EINVAL;
    if (!gpio->backend->get(gpio->backend, line, &high))
        return SOLO5_R_EUNSPEC;
    *active = is_high(it, high);
    return SOLO5_R_OK;
}

solo5_result_t gpio_set(struct gpio *gpio, uint32_t line, bool active)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state != GPIO_OUT)
        return SOLO5_R_EINVAL;
    return gpio->backend->set(gpio->backend, line, is_high(it, active)) ? SOLO5_R_OK
                                                                        : SOLO5_R_EUNSPEC;
}
