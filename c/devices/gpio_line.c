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
    if (flags & MFT_LINE_ACTIVE_LOW)
        gpio->inverted |= BIT(line);
    return true;
}

static void enter(struct gpio *gpio, uint32_t line, enum gpio_state state)
{
    gpio->lines[line].state = state;
    gpio->inputs &= ~BIT(line);
    gpio->outputs &= ~BIT(line);
    if (state == GPIO_IN)
        gpio->inputs |= BIT(line);
    if (state == GPIO_OUT)
        gpio->outputs |= BIT(line);
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
static uint64_t is_inverted(const struct gpio *gpio, uint32_t line)
{
    return gpio->inverted >> line & 1;
}

solo5_result_t gpio_line_init(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = granted(gpio, line);

    if (!it || it->state != GPIO_GRANTED)
        return SOLO5_R_EINVAL;
    enter(gpio, line, GPIO_READY);
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_finalize(struct gpio *gpio, uint32_t line)
{
    struct gpio_line *it = initialised(gpio, line, 0);

    if (!it)
        return SOLO5_R_EINVAL;
    enter(gpio, line, GPIO_GRANTED);
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
    const bool inverted = is_inverted(gpio, line);

    enter(gpio, line, GPIO_READY);
    gpio_unwatch(gpio, line);
    if (!gpio->backend->in(gpio->backend, line, inverted ? falling : rising,
                           inverted ? rising : falling))
        return SOLO5_R_EUNSPEC;
    enter(gpio, line, GPIO_IN);
    if (rising || falling)
        gpio_watch(gpio, line);
    return SOLO5_R_OK;
}

solo5_result_t gpio_line_out(struct gpio *gpio, uint32_t line, bool active)
{
    struct gpio_line *it = initialised(gpio, line, MFT_LINE_OUT);

    if (!it)
        return SOLO5_R_EINVAL;
    enter(gpio, line, GPIO_READY);
    gpio_unwatch(gpio, line);
    if (!gpio->backend->out(gpio->backend, line, active != is_inverted(gpio, line)))
        return SOLO5_R_EUNSPEC;
    enter(gpio, line, GPIO_OUT);
    return SOLO5_R_OK;
}

/* Of a line without the direction that a call needs; counted if it was not granted. */
static __attribute__((noinline)) solo5_result_t refuse(struct gpio *gpio, uint32_t line)
{
    granted(gpio, line);
    return SOLO5_R_EINVAL;
}

static bool is_one_of(uint64_t lines, uint32_t line)
{
    return line < GPIO_LINES && (lines >> line & 1);
}

solo5_result_t gpio_line_get(struct gpio *gpio, uint32_t line, bool *active)
{
    uint64_t high;

    if (!is_one_of(gpio->inputs, line))
        return refuse(gpio, line);
    if (!gpio->backend->get(gpio->backend, BIT(line), &high))
        return SOLO5_R_EUNSPEC;
    *active = (high >> line & 1) != is_inverted(gpio, line);
    return SOLO5_R_OK;
}

/* Inline for the optimiser of the whole program, and there for everybody else. */
inline solo5_result_t gpio_line_set(struct gpio *gpio, uint32_t line, bool active)
{
    if (!is_one_of(gpio->outputs, line))
        return refuse(gpio, line);
    const uint64_t high = active ^ is_inverted(gpio, line);
    return gpio->backend->set(gpio->backend, BIT(line), high << line) ? SOLO5_R_OK
                                                                      : SOLO5_R_EUNSPEC;
}

solo5_result_t gpio_lines_get(struct gpio *gpio, uint64_t lines, uint64_t *active)
{
    const uint64_t others = lines & ~(gpio->inputs | gpio->outputs);
    uint64_t high = 0;

    if (others != 0)
        return refuse(gpio, (uint32_t)__builtin_ctzll(others));
    if (lines != 0 && !gpio->backend->get(gpio->backend, lines, &high))
        return SOLO5_R_EUNSPEC;
    *active = (high ^ gpio->inverted) & lines;
    return SOLO5_R_OK;
}

solo5_result_t gpio_lines_set(struct gpio *gpio, uint64_t lines, uint64_t active)
{
    const uint64_t others = lines & ~gpio->outputs;

    if (others != 0)
        return refuse(gpio, (uint32_t)__builtin_ctzll(others));
    const uint64_t high = (active ^ gpio->inverted) & lines;
    if (lines != 0 && !gpio->backend->set(gpio->backend, lines, high))
        return SOLO5_R_EUNSPEC;
    return SOLO5_R_OK;
}
