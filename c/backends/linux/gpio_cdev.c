/* SPDX-License-Identifier: MIT */
/* GPIO lines through Linux's GPIO character device, version 2: one descriptor for each line. */
#include "backends/linux/backend.h"
#include "backends/linux/gpio_driver.h"
#include "lib/format.h"
#include "lib/string.h"

#define CHIPS 32 /* numbers looked at */

/* include/uapi/linux/gpio.h of Linux, since 5.10. */
#define GET_CHIPINFO       0x8044b401u
#define V2_GET_LINEINFO    0xc100b405u
#define V2_GET_LINE        0xc250b407u
#define V2_LINE_SET_CONFIG 0xc110b40du
#define V2_LINE_GET_VALUES 0xc010b40eu
#define V2_LINE_SET_VALUES 0xc010b40fu

enum line_flag {
    INPUT = 1 << 2,
    OUTPUT = 1 << 3,
    OPEN_DRAIN = 1 << 6,
    OPEN_SOURCE = 1 << 7,
    PULL_UP = 1 << 8,
    PULL_DOWN = 1 << 9,
    BIAS_DISABLED = 1 << 10,
};

enum { ATTRIBUTE_OUTPUT_VALUES = 2 };

struct chip_info {
    char name[32], label[32];
    uint32_t lines;
};

struct attribute {
    uint32_t id, padding;
    uint64_t value;
};

struct line_info {
    char name[32], consumer[32];
    uint32_t offset, attribute_count;
    uint64_t flags;
    struct attribute attributes[10];
    uint32_t padding[4];
};

struct line_config {
    uint64_t flags;
    uint32_t attribute_count, padding[5];
    struct {
        struct attribute attribute;
        uint64_t mask;
    } attributes[10];
};

struct line_request {
    uint32_t offsets[64];
    char consumer[32];
    struct line_config config;
    uint32_t line_count, event_buffer_size, padding[5];
    int32_t fd;
};

struct line_values {
    uint64_t bits, mask;
};

_Static_assert(sizeof(struct chip_info) == (GET_CHIPINFO >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_info) == (V2_GET_LINEINFO >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_config) == (V2_LINE_SET_CONFIG >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_request) == (V2_GET_LINE >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_values) == (V2_LINE_SET_VALUES >> 16 & 0x3fff), "uAPI");

static int line_fd[GPIO_DRIVER_LINES]; /* 0 where not opened */
static uint16_t line_pull[GPIO_DRIVER_LINES], line_drive[GPIO_DRIVER_LINES];

static bool set(struct gpio_backend *self, uint32_t line, bool high)
{
    const struct line_values values = {.bits = high, .mask = 1};

    (void)self;
    return sys_ioctl(line_fd[line], V2_LINE_SET_VALUES, &values) == 0;
}

static bool get(struct gpio_backend *self, uint32_t line, bool *high)
{
    struct line_values values = {.mask = 1};

    (void)self;
    if (sys_ioctl(line_fd[line], V2_LINE_GET_VALUES, &values) != 0)
        return false;
    *high = (values.bits & 1) != 0;
    return true;
}

static bool in(struct gpio_backend *self, uint32_t line)
{
    const struct line_config config = {.flags = (uint64_t)INPUT | line_pull[line]};

    (void)self;
    return sys_ioctl(line_fd[line], V2_LINE_SET_CONFIG, &config) == 0;
}

static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    const struct line_config config = {
        .flags = (uint64_t)OUTPUT | line_pull[line] | line_drive[line],
        .attribute_count = 1,
        .attributes = {{.attribute = {.id = ATTRIBUTE_OUTPUT_VALUES, .value = high}, .mask = 1}},
    };

    (void)self;
    return sys_ioctl(line_fd[line], V2_LINE_SET_CONFIG, &config) == 0;
}

static struct gpio_backend face = {.in = in, .out = out, .get = get, .set = set, .release = in};

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

static void explain(int chip, uint32_t line, long error, struct gpio_trouble *trouble)
{
    struct line_info info = {.offset = line};

    if (error == SYS_EBUSY && sys_ioctl(chip, V2_GET_LINEINFO, &info) == 0)
        format_buffer(trouble->text, sizeof(trouble->text),
                      "line %u is busy: \"%s\" holds it; stop that first", line, info.consumer);
    else
        format_buffer(trouble->text, sizeof(trouble->text), "cannot open line %u: %s", line,
                      sys_error_text(error));
}

static bool open_line(int chip, const struct gpio_wish *wish, struct gpio_trouble *trouble)
{
    struct line_request request = {
        .offsets = {wish->line},
        .consumer = "rpikit-tender",
        .line_count = 1,
    };
    const long result = sys_ioctl(chip, V2_GET_LINE, &request);

    if (result < 0) {
        explain(chip, wish->line, result, trouble);
        return false;
    }
    line_fd[wish->line] = request.fd;
    line_pull[wish->line] = wish->flags & MFT_LINE_PULL_UP     ? PULL_UP
                            : wish->flags & MFT_LINE_PULL_DOWN ? PULL_DOWN
                                                               : BIAS_DISABLED;
    line_drive[wish->line] = wish->flags & MFT_LINE_OPEN_DRAIN    ? OPEN_DRAIN
                             : wish->flags & MFT_LINE_OPEN_SOURCE ? OPEN_SOURCE
                                                                  : 0;
    return true;
}

static struct gpio_backend *open(const char *label, const struct gpio_wish *wishes, size_t count,
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
        if (!open_line(chip, &wishes[i], trouble))
            return NULL;
    }
    sys_close(chip);
    return &face;
}

static void allow_lines(struct filter *filter, int first, int last)
{
    filter_allow_ioctl(filter, first, last, V2_LINE_SET_VALUES);
    filter_allow_ioctl(filter, first, last, V2_LINE_GET_VALUES);
    filter_allow_ioctl(filter, first, last, V2_LINE_SET_CONFIG);
}

/* Descriptors that follow each other, as they mostly do, share their rules. */
static void allow(struct filter *filter)
{
    int first = 0, last = 0;

    for (uint32_t line = 0; line < GPIO_DRIVER_LINES; line++) {
        const int fd = line_fd[line];
        if (fd == 0)
            continue;
        if (first != 0 && fd == last + 1) {
            last = fd;
            continue;
        }
        if (first != 0)
            allow_lines(filter, first, last);
        first = last = fd;
    }
    if (first != 0)
        allow_lines(filter, first, last);
}

static const struct linux_backend lines = {.allow = allow};
LINUX_BACKEND(lines);

static const struct gpio_driver cdev = {.name = "cdev", .open = open};
GPIO_DRIVER(cdev);
