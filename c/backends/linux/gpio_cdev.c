/* SPDX-License-Identifier: MIT */
/* GPIO lines through Linux's GPIO character device, version 2: one descriptor for all lines, so
 * that several move in one system call. */
#include "backends/linux/gpio_cdev.h"

#include "backends/linux/backend.h"
#include "backends/linux/gpio_uapi.h"
#include "backends/linux/poll.h"
#include "backends/linux/sealed.h"
#include "lib/format.h"
#include "lib/string.h"

#define CHIPS  32 /* numbers looked at */
#define EVENTS 16 /* read at once */

#define BIT(n) (UINT64_C(1) << (n))

enum { F_SETFL = 4 }; /* include/uapi/asm-generic/fcntl.h */

/* A line of the request. */
struct line {
    uint32_t offset;
    uint64_t pull, drive;
    uint64_t flags; /* as configured; 0: as it was found */
    uint32_t sequence; /* of the last event read */
};

uint64_t gpio_cdev_levels;

static int lines_fd SEALED; /* 0 as long as there are no lines */
static bool has_edges SEALED; /* some line's edges are wanted */
static uint32_t line_count SEALED;
static struct line lines[GPIO_DRIVER_LINES];
static uint8_t index_of[GPIO_DRIVER_LINES] SEALED; /* of a line of the chip in (lines) */
static struct line_event events[EVENTS];
static uint32_t event_first, event_count;

/* From bits of the chip's lines to bits of the request's. */
static uint64_t to_request(uint64_t offsets)
{
    uint64_t bits = 0;

    for (; offsets != 0; offsets &= offsets - 1)
        bits |= BIT(index_of[__builtin_ctzll(offsets)]);
    return bits;
}

static bool set(struct gpio_backend *self, uint64_t offsets, uint64_t high)
{
    const uint64_t mask = to_request(offsets);
    const uint64_t bits = high == 0 ? 0 : high == offsets ? mask : to_request(high);
    const struct line_values values = {.bits = bits, .mask = mask};

    (void)self;
    gpio_cdev_levels = (gpio_cdev_levels & ~offsets) | high;
    return sys_ioctl(lines_fd, V2_LINE_SET_VALUES, &values) == 0;
}

static bool get(struct gpio_backend *self, uint64_t offsets, uint64_t *high)
{
    struct line_values values = {.mask = to_request(offsets)};

    (void)self;
    if (sys_ioctl(lines_fd, V2_LINE_GET_VALUES, &values) != 0)
        return false;
    *high = 0;
    for (uint64_t left = offsets; left != 0; left &= left - 1) {
        const uint32_t offset = (uint32_t)__builtin_ctzll(left);
        *high |= (values.bits >> index_of[offset] & 1) << offset;
    }
    return true;
}

/* Adds the line at (index) to the attribute with its flags. False if there is no room for more. */
static bool add_flags(struct line_config *config, uint32_t index)
{
    uint32_t at = 0;

    while (at < config->attribute_count &&
           config->attributes[at].attribute.value != lines[index].flags)
        at++;
    if (at == ATTRIBUTES - 1)
        return false;
    if (at == config->attribute_count) {
        config->attribute_count++;
        config->attributes[at].attribute = (struct attribute){
            .id = ATTRIBUTE_FLAGS,
            .value = lines[index].flags,
        };
    }
    config->attributes[at].mask |= BIT(index);
    return true;
}

/* Tells the kernel all lines' flags and the outputs' levels. */
static bool configure(void)
{
    struct line_config config = {.flags = 0};
    uint64_t outputs = 0;

    for (uint32_t i = 0; i < line_count; i++) {
        if (lines[i].flags != 0 && !add_flags(&config, i))
            return false;
        if (lines[i].flags & OUTPUT)
            outputs |= BIT(i);
    }
    if (outputs != 0) {
        const uint32_t at = config.attribute_count++;
        config.attributes[at].attribute.id = ATTRIBUTE_OUTPUT_VALUES;
        config.attributes[at].mask = outputs;
        for (uint32_t i = 0; i < line_count; i++)
            config.attributes[at].attribute.value |= (gpio_cdev_levels >> lines[i].offset & 1) << i;
    }
    return sys_ioctl(lines_fd, V2_LINE_SET_CONFIG, &config) == 0;
}

/* Gives a line new flags, or leaves it as it was. */
static bool change(uint32_t offset, uint64_t flags)
{
    struct line *it = &lines[index_of[offset]];
    const uint64_t before = it->flags;

    it->flags = flags;
    if (configure())
        return true;
    it->flags = before;
    return false;
}

static bool in(struct gpio_backend *self, uint32_t offset, bool rising, bool falling)
{
    const uint64_t input = INPUT | lines[index_of[offset]].pull;
    const uint64_t edges =
        (rising ? (uint64_t)EDGE_RISING : 0) | (falling ? (uint64_t)EDGE_FALLING : 0);

    if (edges == 0 || !self->edge)
        return change(offset, input);
    if (change(offset, input | edges))
        return true;
    self->edge = NULL; /* a chip without interrupts */
    return change(offset, input);
}

static bool release(struct gpio_backend *self, uint32_t offset)
{
    return in(self, offset, false, false);
}

static bool out(struct gpio_backend *self, uint32_t offset, bool high)
{
    const struct line *it = &lines[index_of[offset]];

    (void)self;
    gpio_cdev_levels = (gpio_cdev_levels & ~BIT(offset)) | (uint64_t)high << offset;
    return change(offset, (uint64_t)OUTPUT | it->pull | it->drive);
}

static bool edge(struct gpio_backend *self, struct gpio_edge *found)
{
    (void)self;
    if (event_first == event_count) {
        const long got = sys_read(lines_fd, events, sizeof(events));
        event_first = 0;
        event_count = got > 0 ? (uint32_t)got / sizeof(events[0]) : 0;
        if (event_count == 0)
            return false;
    }
    const struct line_event *event = &events[event_first++];
    struct line *it = &lines[index_of[event->offset % GPIO_DRIVER_LINES]];
    const uint32_t before = event->line_sequence > it->sequence ? it->sequence : 0;
    *found = (struct gpio_edge){
        .at = event->timestamp,
        .line = event->offset,
        .lost = event->line_sequence - before - 1,
        .high = event->id == EVENT_RISING,
    };
    it->sequence = event->line_sequence;
    return true;
}

static struct gpio_backend face = {
    .in = in, .out = out, .get = get, .set = set, .release = release, .edge = edge,
};

/* The chip's descriptor, or NULL's sign: below 0 and (trouble) filled in. */
static int open_chip(const char *label, struct chip_info *info, struct gpio_trouble *trouble)
{
    char found[192] = "";
    long denied = 0;

    for (uint32_t i = 0; i < CHIPS; i++) {
        char path[32];
        format_buffer(path, sizeof(path), "/dev/gpiochip%u", i);
        const long chip = sys_open(path, SYS_O_RDWR);
        if (chip == SYS_EACCES || chip == SYS_EPERM)
            denied = chip;
        if (chip < 0)
            continue;
        if (sys_ioctl((int)chip, GET_CHIPINFO, info) == 0) {
            if (gpio_label_fits(label, info->label))
                return (int)chip;
            const size_t used = strlen(found);
            format_buffer(found + used, sizeof(found) - used, "%s %s", used ? "," : "",
                          info->label);
        }
        sys_close((int)chip);
    }
    if (denied != 0)
        format_buffer(trouble->text, sizeof(trouble->text),
                      "/dev/gpiochip*: %s: run as root, or join the group that owns it",
                      sys_error_text(denied));
    else if (found[0] != '\0')
        format_buffer(trouble->text, sizeof(trouble->text),
                      "no GPIO chip is labelled %s; --gpio-chip can name one of these:%s",
                      label ? label : "pinctrl-bcm2835 or pinctrl-bcm2711", found);
    else
        format_buffer(trouble->text, sizeof(trouble->text),
                      "no GPIO chip here: there is no /dev/gpiochip*");
    return -1;
}

/* One line in use makes the kernel refuse them all: names it. */
static void explain(int chip, const struct line_request *request, long error,
                    struct gpio_trouble *trouble)
{
    for (uint32_t i = 0; error == SYS_EBUSY && i < request->line_count; i++) {
        struct line_info info = {.offset = request->offsets[i]};
        if (sys_ioctl(chip, V2_GET_LINEINFO, &info) != 0 || !(info.flags & USED))
            continue;
        format_buffer(trouble->text, sizeof(trouble->text),
                      "line %u is busy: \"%s\" holds it; stop that first", info.offset,
                      info.consumer);
        return;
    }
    format_buffer(trouble->text, sizeof(trouble->text), "cannot open the lines: %s",
                  sys_error_text(error));
}

static void describe(const struct gpio_wish *wish, uint32_t index)
{
    index_of[wish->line] = (uint8_t)index;
    lines[index] = (struct line){
        .offset = wish->line,
        .pull = wish->flags & MFT_LINE_PULL_UP     ? PULL_UP
                : wish->flags & MFT_LINE_PULL_DOWN ? PULL_DOWN
                                                   : BIAS_DISABLED,
        .drive = wish->flags & MFT_LINE_OPEN_DRAIN    ? OPEN_DRAIN
                 : wish->flags & MFT_LINE_OPEN_SOURCE ? OPEN_SOURCE
                                                      : 0,
    };
    if (wish->flags & (MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING))
        has_edges = true;
}

/* Requests all lines, left as they are. */
static bool request_lines(int chip, struct gpio_trouble *trouble)
{
    struct line_request request = {
        .consumer = "rpikit-tender",
        .line_count = line_count,
        .event_buffer_size = EVENT_BUFFER_MAX,
    };

    for (uint32_t i = 0; i < line_count; i++)
        request.offsets[i] = lines[i].offset;
    long result = sys_ioctl(chip, V2_GET_LINE, &request);
    if (result < 0) {
        explain(chip, &request, result, trouble);
        return false;
    }
    lines_fd = request.fd;
    if (!has_edges)
        return true;
    result = sys_call3(SYS_FCNTL, lines_fd, F_SETFL, SYS_O_NONBLOCK);
    if (result >= 0)
        result = poll_add(lines_fd, POLL_WAKE);
    if (result < 0)
        format_buffer(trouble->text, sizeof(trouble->text), "cannot wait for edges: %s",
                      sys_error_text(result));
    return result >= 0;
}

struct gpio_backend *gpio_cdev_open(const char *label, const struct gpio_wish *wishes, size_t count,
                                    struct gpio_trouble *trouble)
{
    struct chip_info info;
    const int chip = open_chip(label, &info, trouble);

    if (chip < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (wishes[i].line >= info.lines || wishes[i].line >= GPIO_DRIVER_LINES) {
            format_buffer(trouble->text, sizeof(trouble->text),
                          "line %u is beyond the chip: %s has lines 0 to %u", wishes[i].line,
                          info.label, info.lines - 1);
            return NULL;
        }
        describe(&wishes[i], line_count++);
    }
    if (!request_lines(chip, trouble))
        return NULL;
    sys_close(chip);
    return &face;
}

static void allow(struct filter *filter)
{
    if (lines_fd == 0)
        return;
    filter_allow_ioctl(filter, lines_fd, lines_fd, V2_LINE_SET_VALUES);
    filter_allow_ioctl(filter, lines_fd, lines_fd, V2_LINE_GET_VALUES);
    filter_allow_ioctl(filter, lines_fd, lines_fd, V2_LINE_SET_CONFIG);
    if (has_edges)
        filter_allow_fd(filter, SYS_READ, lines_fd);
}

static const struct linux_backend cdev_lines = {.allow = allow};
LINUX_BACKEND(cdev_lines);

static const struct gpio_driver cdev = {.name = "cdev", .open = gpio_cdev_open};
GPIO_DRIVER(cdev);
