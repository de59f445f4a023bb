/* SPDX-License-Identifier: MIT */
/* The lines a guest was granted: who may do what to which pin. */
#include "devices/gpio.h"

#include <stddef.h>

#define BIT(line) (UINT64_C(1) << (line))

bool gpio_grant(struct gpio *gpio, uint32_t line, uint32_t flags)
{
    if (line >= GPIO_LINES || gpio->lines[line].state != GPIO_DENIED)
        return false;
    gpio->lines[line].state = GPIO_GRANTED;
    gpio->lines[line].flags = flags;
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

/* From active to high and back: 1 where the two are opposites. */
static uint64_t is_inverted(const struct gpio_line *line)
{
    return (line->flags & MFT_LINE_ACTIVE_LOW) != 0;
}

solo5_result_t gpio_line_init(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state != GPIO_GRANTED)
        return SOLO5_R_EINVAL;
    it->state = GPIO_READY;
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_finalize(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, 0);

    if (!it)
        return SOLO5_R_EINVAL;
    it->state = GPIO_GRANTED;
    gpio_unwatch(gpio, line);
    return gpio->backend->release(gpio->backend, line) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t gpio_line_in(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, MFT_LINE_IN);

    if (!it)
        return SOLO5_R_EINVAL;
    const bool rising = (it->flags & MFT_LINE_EDGE_RISING) != 0;
    const bool falling = (it->flags & MFT_LINE_EDGE_FALLING) != 0;
    const bool inverted = is_inverted(it);

    it->state = GPIO_READY;
    gpio_unwatch(gpio, line);
    if (!gpio->backend->in(gpio->backend, line, inverted ? falling : rising,
                           inverted ? rising : falling))
        return SOLO5_R_EUNSPEC;
    it->state = GPIO_IN;
    if (rising || falling)
        gpio_watch(gpio, line);
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_out(struct gpio *gpio, uint32_t line, bool active)
{
    struct gpio_line *it = initialised(gpio, line, MFT_LINE_OUT);

    if (!it)
        return SOLO5_R_EINVAL;
    it->state = GPIO_READY;
    gpio_unwatch(gpio, line);
    if (!gpio->backend->out(gpio->backend, line, active != is_inverted(it)))
        return SOLO5_R_EUNSPEC;
    it->state = GPIO_OUT;
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_get(struct gpio *gpio, uint32_t line, bool *active)
{
    struct gpio_line *it = granted(gpio, line);
    uint64_t high;

    if (!it || it->state != GPIO_IN)
        return SOLO5_R_EINVAL;
    if (!gpio->backend->get(gpio->backend, BIT(line), &high))
        return SOLO5_R_EUNSPEC;
    *active = (high >> line & 1) != is_inverted(it);
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_set(struct gpio *gpio, uint32_t line, bool active)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state != GPIO_OUT)
        return SOLO5_R_EINVAL;
    const uint64_t high = active != is_inverted(it);
    return gpio->backend->set(gpio->backend, BIT(line), high << line) ? SOLO5_R_OK
                                                                      : SOLO5_R_EUNSPEC;
}

/* Which of (lines) are inverted, in *(inverted). False unless each has a direction, GPIO_OUT if
 * (least) says so. */
static bool have_direction(struct gpio *gpio, uint64_t lines, enum gpio_state least,
                           uint64_t *inverted)
{
    *inverted = 0;
    for (uint64_t left = lines; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        struct gpio_line *it = granted(gpio, line);
        if (!it || it->state < least)
            return false;
        *inverted |= is_inverted(it) << line;
    }
    return true;
}

solo5_result_t gpio_lines_get(struct gpio *gpio, uint64_t lines, uint64_t *active)
{
    uint64_t high = 0, inverted;

    if (!have_direction(gpio, lines, GPIO_IN, &inverted))
        return SOLO5_R_EINVAL;
    if (lines != 0 && !gpio->backend->get(gpio->backend, lines, &high))
        return SOLO5_R_EUNSPEC;
    *active = (high ^ inverted) & lines;
    return SOLO5_R_OK;
}

solo5_result_t gpio_lines_set(struct gpio *gpio, uint64_t lines, uint64_t active)
{
    uint64_t inverted;

    if (!have_direction(gpio, lines, GPIO_OUT, &inverted))
        return SOLO5_R_EINVAL;
    if (lines != 0 && !gpio->backend->set(gpio->backend, lines, (active ^ inverted) & lines))
        return SOLO5_R_EUNSPEC;
    return SOLO5_R_OK;
}
