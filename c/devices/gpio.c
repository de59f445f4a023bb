/* SPDX-License-Identifier: MIT */
/* Lines by the names and handles of the manifest: a thin face of the granted lines. */
#include "host_gpio.h"

#include "devices/gpio.h"
#include "lib/manifest.h"

#define BIT(n) (UINT64_C(1) << (n))

_Static_assert(MFT_MAX_ENTRIES <= GPIO_LINES, "struct gpio: acquired");

static __attribute__((noinline)) uint32_t find_line(const struct host *host, solo5_handle_t handle)
{
    const struct mft_entry *entry = manifest_attached(host->manifest, handle, MFT_LINE);

    return entry ? entry->u.line.line : GPIO_LINES;
}

/* The number of the line that (handle) was granted; GPIO_LINES, which is no line, if none was. */
static inline uint32_t line_of(const struct host *host, solo5_handle_t handle)
{
    const uint32_t known = handle < GPIO_LINES ? host->gpio->acquired[handle] : 0;

    return known != 0 ? known - 1 : find_line(host, handle);
}

static uint32_t properties_of(const struct gpio *gpio, uint32_t flags)
{
    const uint32_t edges = (flags & MFT_LINE_EDGE_RISING ? SOLO5_GPIO_RISING : 0) |
                           (flags & MFT_LINE_EDGE_FALLING ? SOLO5_GPIO_FALLING : 0);

    return (flags & MFT_LINE_IN ? SOLO5_GPIO_INPUT : 0) |
           (flags & MFT_LINE_OUT ? SOLO5_GPIO_OUTPUT : 0) | edges |
           (edges && gpio->edges != GPIO_EDGES_REPORTED ? SOLO5_GPIO_SAMPLED : 0);
}

solo5_result_t gpio_acquire(struct host *host, const char *name, uint64_t name_size,
                            solo5_handle_t *handle, solo5_time_t *period, uint32_t *properties)
{
    struct gpio *gpio = host->gpio;
    char copy[MFT_NAME_MAX + 1] = "";

    if (name_size > MFT_NAME_MAX)
        return SOLO5_R_EINVAL;
    guest_copy(copy, name, name_size);
    const solo5_handle_t found = host->manifest ? manifest_find(host->manifest, copy, MFT_LINE) : 0;
    const uint32_t line = line_of(host, found);
    solo5_result_t result = gpio_line_init(gpio, line);
    if (result != SOLO5_R_OK)
        return result;
    const uint32_t flags = gpio->lines[line].flags;
    result = flags & MFT_LINE_IN ? gpio_line_in(gpio, line) : gpio_line_out(gpio, line, false);
    if (result != SOLO5_R_OK) {
        gpio_line_finalize(gpio, line);
        return result;
    }
    gpio->acquired[found] = (uint8_t)(line + 1);
    *handle = found;
    *properties = properties_of(gpio, flags);
    *period = *properties & SOLO5_GPIO_SAMPLED ? gpio_period(gpio) : 0;
    return SOLO5_R_OK;
}

solo5_result_t gpio_release(struct host *host, solo5_handle_t handle)
{
    return gpio_line_finalize(host->gpio, line_of(host, handle));
}

solo5_result_t gpio_in(struct host *host, solo5_handle_t handle)
{
    return gpio_line_in(host->gpio, line_of(host, handle));
}

solo5_result_t gpio_out(struct host *host, solo5_handle_t handle, uint32_t value)
{
    return gpio_line_out(host->gpio, line_of(host, handle), value != 0);
}

solo5_result_t gpio_set(struct host *host, solo5_handle_t handle, uint32_t value)
{
    return gpio_line_set(host->gpio, line_of(host, handle), value != 0);
}

/* The lines of (handles), and of these those whose bit is set in (values). False if one of the
 * handles is none of a line. */
static bool lines_of(struct host *host, uint64_t handles, uint64_t values, uint64_t *lines,
                     uint64_t *active)
{
    *lines = *active = 0;
    for (uint64_t left = handles; left != 0; left &= left - 1) {
        const uint32_t handle = (uint32_t)__builtin_ctzll(left);
        const uint32_t line = line_of(host, handle);
        if (line >= GPIO_LINES) {
            host->gpio->refused++;
            return false;
        }
        *lines |= BIT(line);
        *active |= (values >> handle & 1) << line;
    }
    return true;
}

solo5_result_t gpio_get_many(struct host *host, uint64_t handles, uint64_t *values)
{
    uint64_t lines, active;

    if (!lines_of(host, handles, 0, &lines, &active))
        return SOLO5_R_EINVAL;
    const solo5_result_t result = gpio_lines_get(host->gpio, lines, &active);
    if (result != SOLO5_R_OK)
        return result;
    for (uint64_t left = handles; left != 0; left &= left - 1) {
        const uint32_t handle = (uint32_t)__builtin_ctzll(left);
        *values |= (active >> line_of(host, handle) & 1) << handle;
    }
    return SOLO5_R_OK;
}

solo5_result_t gpio_set_many(struct host *host, uint64_t handles, uint64_t values)
{
    uint64_t lines, active;

    if (!lines_of(host, handles, values, &lines, &active))
        return SOLO5_R_EINVAL;
    return gpio_lines_set(host->gpio, lines, active);
}

solo5_result_t gpio_get(struct host *host, solo5_handle_t handle, uint32_t *value)
{
    const uint32_t line = line_of(host, handle);
    uint64_t active = 0;

    if (line >= GPIO_LINES) {
        host->gpio->refused++;
        return SOLO5_R_EINVAL;
    }
    const solo5_result_t result = gpio_lines_get(host->gpio, BIT(line), &active);
    *value = active != 0;
    return result;
}

solo5_result_t gpio_event(struct host *host, solo5_handle_t handle, solo5_time_t *when,
                          uint64_t *sequence, uint32_t *lost, uint32_t *edge)
{
    struct gpio_event event;
    const solo5_result_t result =
        gpio_line_event(host->gpio, line_of(host, handle), &event, lost);

    if (result != SOLO5_R_OK)
        return result;
    *when = event.at;
    *sequence = event.sequence;
    *edge = (event.active ? SOLO5_GPIO_RISING : SOLO5_GPIO_FALLING) |
            (event.sampled ? SOLO5_GPIO_SAMPLED : 0);
    return SOLO5_R_OK;
}

solo5_result_t gpio_page(struct host *host, uint64_t *address)
{
    *address = host->gpio->page;
    if (*address != 0)
        return SOLO5_R_OK;
    host->gpio->refused++;
    return SOLO5_R_EINVAL;
}
