/* SPDX-License-Identifier: MIT */
/* Requests and edges of lines by virtio (virtio 1.2, section 5.18). */
#include "virtio/gpio.h"

#include <stddef.h>

#include "abi/manifest.h"
#include "lib/string.h"

#define BIT(line) (UINT64_C(1) << (line))

enum { REQUESTS = 0, EVENTS = 1 };

#define DEVICE_GPIO 41
#define FEATURE_IRQ (UINT64_C(1) << 0) /* VIRTIO_GPIO_F_IRQ */

enum request_type {
    GET_NAMES = 1,
    GET_DIRECTION,
    SET_DIRECTION,
    GET_VALUE,
    SET_VALUE,
    SET_TRIGGER,
    REQUEST_TYPES,
};

enum direction { DIRECTION_NONE, DIRECTION_OUT, DIRECTION_IN };
enum trigger { TRIGGER_NONE, TRIGGER_RISING, TRIGGER_FALLING, TRIGGER_BOTH };
enum status { STATUS_OK, STATUS_ERROR };
enum event_status { EVENT_INVALID, EVENT_VALID };

struct request {
    uint16_t type, line;
    uint32_t value;
};

struct response {
    uint8_t status, value;
};

_Static_assert(sizeof(struct request) == 8, "virtio 1.2, section 5.18.6");
_Static_assert(sizeof(struct response) == 2, "virtio 1.2, section 5.18.6");
_Static_assert(sizeof(struct virtio_gpio_config) == 8, "virtio 1.2, section 5.18.4");
_Static_assert(2 * GPIO_LINES <= VIRTIO_QUEUE_MAX, "each line's buffer has two descriptors");

static struct virtio_gpio *gpio_of(struct virtio *virtio)
{
    return (struct virtio_gpio *)virtio;
}

static enum gpio_state state_of(const struct virtio_gpio *it, uint32_t line)
{
    return it->gpio->lines[line].state;
}

/* Gives the buffer of (line) back. */
static bool finish(struct virtio_gpio *it, uint32_t line, enum event_status status)
{
    const struct virtio_gpio_buffer buffer = it->buffers[line];
    uint8_t *const at = guest_out(&it->virtio.host->memory, buffer.status, 1, 1);
    const uint8_t value = (uint8_t)status;

    it->waiting &= ~BIT(line);
    if (!at)
        return false;
    guest_copy(at, &value, sizeof(value));
    return virtio_give(&it->virtio, EVENTS, buffer.head, sizeof(value));
}

/* Ends that edges of (line) are told. */
static bool disarm(struct virtio_gpio *it, uint32_t line)
{
    it->triggers[line] = TRIGGER_NONE;
    return !(it->waiting & BIT(line)) || finish(it, line, EVENT_INVALID);
}

/* Tells an edge of (line), whose buffer waits, if there was one; the others stay for the next. */
static bool tell(struct virtio_gpio *it, uint32_t line)
{
    struct gpio_event event;
    uint32_t lost;

    for (uint32_t i = 0; i < GPIO_EVENTS; i++) {
        const solo5_result_t result = gpio_line_event(it->gpio, line, &event, &lost);
        if (result == SOLO5_R_AGAIN)
            break;
        if (result != SOLO5_R_OK)
            return disarm(it, line);
        if (it->triggers[line] & (event.active ? TRIGGER_RISING : TRIGGER_FALLING))
            return finish(it, line, EVENT_VALID);
    }
    return true;
}

static bool look(struct virtio *virtio)
{
    struct virtio_gpio *const it = gpio_of(virtio);

    for (uint64_t left = it->waiting; left != 0; left &= left - 1) {
        if (!tell(it, (uint32_t)__builtin_ctzll(left)))
            return false;
    }
    return true;
}

/* Takes a buffer, which then waits for an edge of the line that it names. */
static bool hold(struct virtio_gpio *it, const struct virtio_chain *chain)
{
    struct virtio_cursor cursor = virtio_writable(chain, 0);
    uint16_t line;
    uint64_t some;

    if (virtio_chain_in(chain, 0, &line, sizeof(line)) != sizeof(line) || chain->out_size == 0)
        return false;
    if (line >= it->config.lines || (it->waiting & BIT(line)))
        return false;
    virtio_next(&cursor, 1, &some);
    it->buffers[line] = (struct virtio_gpio_buffer){
        .status = {cursor.span->at.at + cursor.offset - some},
        .head = chain->head,
    };
    it->waiting |= BIT(line);
    return it->triggers[line] != TRIGGER_NONE || finish(it, line, EVENT_INVALID);
}

static bool take_buffers(struct virtio *virtio)
{
    struct virtio_queue *const queue = &virtio->queues[EVENTS];
    const struct guest_memory *const memory = &virtio->host->memory;

    if (!virtio_queue_look(queue, memory))
        return false;
    while (virtio_queue_has(queue)) {
        if (!virtio_queue_take(queue, memory, &virtio->chain) ||
            !hold(gpio_of(virtio), &virtio->chain))
            return false;
    }
    return look(virtio);
}

/* A handler of requests: says whether it is done. (value) is what was asked, and the answer. */
typedef bool handler(struct virtio_gpio *it, uint32_t line, uint32_t *value);

static bool get_direction(struct virtio_gpio *it, uint32_t line, uint32_t *value)
{
    static const enum direction directions[] = {
        [GPIO_IN] = DIRECTION_IN,
        [GPIO_OUT] = DIRECTION_OUT,
    };

    *value = directions[state_of(it, line)];
    return state_of(it, line) != GPIO_DENIED;
}

static bool begin(struct virtio_gpio *it, uint32_t line)
{
    if (state_of(it, line) >= GPIO_READY)
        return true;
    if (gpio_line_init(it->gpio, line) != SOLO5_R_OK)
        return false;
    it->taken |= BIT(line);
    return true;
}

static bool set_direction(struct virtio_gpio *it, uint32_t line, uint32_t *value)
{
    const uint32_t direction = *value;

    *value = 0;
    if (direction == DIRECTION_IN && state_of(it, line) == GPIO_IN)
        return true;
    if (direction > DIRECTION_IN || !disarm(it, line))
        return false;
    if (direction == DIRECTION_NONE) {
        it->taken &= ~BIT(line);
        return state_of(it, line) == GPIO_GRANTED ||
               gpio_line_finalize(it->gpio, line) == SOLO5_R_OK;
    }
    if (!begin(it, line))
        return false;
    if (direction == DIRECTION_IN)
        return gpio_line_in(it->gpio, line) == SOLO5_R_OK;
    return gpio_line_out(it->gpio, line, (it->levels >> line & 1) != 0) == SOLO5_R_OK;
}

static bool get_value(struct virtio_gpio *it, uint32_t line, uint32_t *value)
{
    uint64_t active = 0;
    const bool is_done = gpio_lines_get(it->gpio, BIT(line), &active) == SOLO5_R_OK;

    *value = active >> line & 1;
    return is_done;
}

/* A line may be told its level before it becomes an output. */
static bool set_value(struct virtio_gpio *it, uint32_t line, uint32_t *value)
{
    const struct gpio_line *const of = &it->gpio->lines[line];
    const bool is_active = *value == 1;
    const bool is_level = *value <= 1;

    *value = 0;
    if (!is_level)
        return false;
    if (of->state == GPIO_OUT || of->state == GPIO_DENIED || !(of->flags & MFT_LINE_OUT)) {
        if (gpio_line_set(it->gpio, line, is_active) != SOLO5_R_OK)
            return false;
    }
    it->levels = (it->levels & ~BIT(line)) | (uint64_t)is_active << line;
    return true;
}

static bool set_trigger(struct virtio_gpio *it, uint32_t line, uint32_t *value)
{
    const uint32_t flags = it->gpio->lines[line].flags;
    const uint32_t trigger = *value;

    *value = 0;
    if (trigger == TRIGGER_NONE)
        return state_of(it, line) != GPIO_DENIED && disarm(it, line);
    if (trigger > TRIGGER_BOTH || !(it->virtio.accepted & FEATURE_IRQ) ||
        !(it->gpio->watched & BIT(line)))
        return false;
    if (((trigger & TRIGGER_RISING) && !(flags & MFT_LINE_EDGE_RISING)) ||
        ((trigger & TRIGGER_FALLING) && !(flags & MFT_LINE_EDGE_FALLING)))
        return false;
    gpio_unwatch(it->gpio, line);
    gpio_watch(it->gpio, line); /* edges from now on */
    it->triggers[line] = (uint8_t)trigger;
    return true;
}

static const char *name_of(const struct virtio_gpio *it, uint32_t line)
{
    const struct mft *const manifest = it->virtio.host->manifest;

    for (uint32_t i = 1; manifest && i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type == MFT_LINE && entry->attached && entry->u.line.line == line)
            return entry->name;
    }
    return "";
}

static uint32_t answer_names(const struct virtio_gpio *it, const struct virtio_chain *chain)
{
    const uint8_t status = chain->out_size > it->config.names_size ? STATUS_OK : STATUS_ERROR;
    uint64_t written = virtio_chain_out(chain, 0, &status, sizeof(status));

    for (uint32_t line = 0; status == STATUS_OK && line < it->config.lines; line++) {
        const char *const name = name_of(it, line);
        written += virtio_chain_out(chain, written, name, strlen(name) + 1);
    }
    return (uint32_t)written;
}

static bool serve(struct virtio *virtio, const struct virtio_chain *chain, uint32_t *written)
{
    static handler *const handlers[REQUEST_TYPES] = {
        [GET_DIRECTION] = get_direction, [SET_DIRECTION] = set_direction, [GET_VALUE] = get_value,
        [SET_VALUE] = set_value,         [SET_TRIGGER] = set_trigger,
    };
    struct virtio_gpio *const it = gpio_of(virtio);
    struct request asked;

    if (virtio_chain_in(chain, 0, &asked, sizeof(asked)) != sizeof(asked) ||
        chain->out_size < sizeof(struct response))
        return false;
    if (asked.type == GET_NAMES) {
        *written = answer_names(it, chain);
        return true;
    }
    handler *const of = asked.type < REQUEST_TYPES ? handlers[asked.type] : NULL;
    const bool is_done = of && asked.line < it->config.lines && of(it, asked.line, &asked.value);
    const struct response response = {
        .status = is_done ? STATUS_OK : STATUS_ERROR,
        .value = is_done ? (uint8_t)asked.value : 0,
    };
    *written = (uint32_t)virtio_chain_out(chain, 0, &response, sizeof(response));
    return true;
}

static bool notify(struct virtio *virtio, uint32_t number)
{
    return number == EVENTS ? take_buffers(virtio) : virtio_serve(virtio, number, serve);
}

static void forget(struct virtio *virtio, uint32_t number)
{
    if (number == EVENTS)
        gpio_of(virtio)->waiting = 0;
}

static void reset(struct virtio *virtio)
{
    struct virtio_gpio *const it = gpio_of(virtio);

    for (uint64_t left = it->taken; left != 0; left &= left - 1)
        gpio_line_finalize(it->gpio, (uint32_t)__builtin_ctzll(left));
    it->taken = it->levels = 0;
    memset(it->triggers, TRIGGER_NONE, sizeof(it->triggers));
}

static const struct virtio_class class_gpio = {
    .id = DEVICE_GPIO,
    .rooms = {[REQUESTS] = 16, [EVENTS] = 2 * GPIO_LINES},
    .features = FEATURE_IRQ,
    .notify = notify,
    .look = look,
    .forget = forget,
    .reset = reset,
};

void virtio_gpio_attach(struct virtio_gpio *it, struct host *host, uint32_t lines)
{
    it->gpio = host->gpio;
    it->taken = it->waiting = 0;
    it->config = (struct virtio_gpio_config){
        .lines = (uint16_t)(lines < GPIO_LINES ? lines : GPIO_LINES),
    };
    virtio_attach(&it->virtio, &class_gpio, host, &it->config, sizeof(it->config));
    for (uint32_t line = 0; line < it->config.lines; line++)
        it->config.names_size += (uint32_t)strlen(name_of(it, line)) + 1;
}
