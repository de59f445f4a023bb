/* SPDX-License-Identifier: MIT */
/* GPIO lines through /sys/class/gpio, as on old kernels: three files opened once for each line. */
#include "backends/linux/backend.h"
#include "backends/linux/gpio_driver.h"
#include "backends/linux/sealed.h"
#include "lib/format.h"
#include "lib/string.h"

#define CLASS  "/sys/class/gpio"
#define TRIES  50 /* of opening a file whose owner udev is about to change */
#define TRY_NS 20000000

struct line {
    bool is_open, exported; /* exported by us, so unexported by us */
    int value, direction;   /* descriptors */
};

static struct line lines[GPIO_DRIVER_LINES] SEALED;
static uint32_t base SEALED; /* the chip's first number in sysfs: 458 on a Pi 3 with a 4.x or 5.x kernel */
static int unexport_fd SEALED = -1;

static bool set(struct gpio_backend *self, uint64_t wanted, uint64_t high)
{
    bool works = true;

    (void)self;
    for (; wanted != 0; wanted &= wanted - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(wanted);
        works &= sys_pwrite(lines[line].value, high >> line & 1 ? "1" : "0", 1, 0) == 1;
    }
    return works;
}

static bool get(struct gpio_backend *self, uint64_t wanted, uint64_t *high)
{
    (void)self;
    *high = 0;
    for (; wanted != 0; wanted &= wanted - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(wanted);
        char level;
        if (sys_pread(lines[line].value, &level, 1, 0) != 1)
            return false;
        *high |= (uint64_t)(level == '1') << line;
    }
    return true;
}

static bool release(struct gpio_backend *self, uint32_t line)
{
    (void)self;
    return sys_pwrite(lines[line].direction, "in", 2, 0) == 2;
}

static bool in(struct gpio_backend *self, uint32_t line, bool rising, bool falling)
{
    (void)rising;
    (void)falling;
    return release(self, line);
}

static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    const char *direction = high ? "high" : "low"; /* "out" would start low for a moment */
    const size_t size = strlen(direction);

    (void)self;
    return sys_pwrite(lines[line].direction, direction, size, 0) == (long)size;
}

/* No edges: sysfs can wake a poll, but neither dates nor counts what it wakes for. */
static struct gpio_backend face = {
    .in = in, .out = out, .get = get, .set = set, .release = release,
};

static void say(struct gpio_trouble *trouble, const char *what, uint32_t line, long error)
{
    const char *remedy = error == SYS_EACCES || error == SYS_EPERM
                             ? ": run as root, or join the group that owns " CLASS
                             : "";

    format_buffer(trouble->text, sizeof(trouble->text), "cannot %s line %u through sysfs: %s%s",
                  what, line, sys_error_text(error), remedy);
}

/* Reads a small file without its line end; "" when that fails. */
static void read_text(const char *path, char *text, size_t size)
{
    const long fd = sys_open(path, SYS_O_RDONLY);
    long got = fd < 0 ? fd : sys_read((int)fd, text, size - 1);

    if (fd >= 0)
        sys_close((int)fd);
    while (got > 0 && text[got - 1] == '\n')
        got--;
    text[got > 0 ? got : 0] = '\0';
}

static uint32_t read_number(const char *text)
{
    uint32_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint32_t)(*text - '0');
    return value;
}

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};

/* Looks at one entry of CLASS: is it the chip? Collects the labels of others in (found). */
static bool is_chip(const char *name, const char *label, char *found, size_t size)
{
    char path[96], text[64];
    const size_t used = strlen(found);

    if (strncmp(name, "gpiochip", 8) != 0)
        return false;
    format_buffer(path, sizeof(path), CLASS "/%s/label", name);
    read_text(path, text, sizeof(text));
    if (gpio_label_fits(label, text))
        return true;
    format_buffer(found + used, size - used, "%s %s", used ? "," : "", text);
    return false;
}

/* The number of lines of the chip, or 0 and (trouble) filled in. */
static uint32_t find_chip(const char *label, struct gpio_trouble *trouble)
{
    char found[192] = "", path[96], text[16];
    union {
        char bytes[2048];
        uint64_t align;
    } list;
    const long directory = sys_open(CLASS, SYS_O_RDONLY | SYS_O_DIRECTORY);
    long size;

    if (directory < 0) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      CLASS ": %s: this kernel has no sysfs GPIO, use --gpio=cdev",
                      sys_error_text(directory));
        return 0;
    }
    while ((size = sys_call3(SYS_GETDENTS64, directory, (long)(uintptr_t)list.bytes,
                             sizeof(list.bytes))) > 0) {
        for (long at = 0; at < size;) {
            const struct directory_entry *entry = (const void *)(list.bytes + at);
            at += entry->size;
            if (!is_chip(entry->name, label, found, sizeof(found)))
                continue;
            sys_close((int)directory);
            base = read_number(entry->name + 8);
            format_buffer(path, sizeof(path), CLASS "/%s/ngpio", entry->name);
            read_text(path, text, sizeof(text));
            return read_number(text);
        }
    }
    format_buffer(trouble->text, sizeof(trouble->text),
                  "no GPIO chip is labelled %s; --gpio-chip can name one of these:%s",
                  label ? label : "pinctrl-bcm2835 or pinctrl-bcm2711",
                  found[0] ? found : " (none)");
    return 0;
}

/* Asks (file) of CLASS, "export" or "unexport", for a line. */
static long ask(int fd, uint32_t line)
{
    char number[12];

    return sys_write(fd, number, format_buffer(number, sizeof(number), "%u", base + line));
}

/* After an export udev may still be busy giving the file to its group. */
static long open_file(uint32_t line, const char *file, int flags)
{
    static const struct sys_timespec pause = {0, TRY_NS};
    char path[64];
    long fd = SYS_EACCES;

    format_buffer(path, sizeof(path), CLASS "/gpio%u/%s", base + line, file);
    for (int i = 0; i < TRIES && fd == SYS_EACCES; i++) {
        struct sys_timespec left = pause;
        if (i > 0)
            sys_call6(SYS_PPOLL, 0, 0, (long)(uintptr_t)&left, 0, 0, 0);
        fd = sys_open(path, flags);
    }
    return fd;
}

static bool open_line(int export_fd, uint32_t line, struct gpio_trouble *trouble)
{
    struct line *it = &lines[line];
    const long asked = ask(export_fd, line);

    it->exported = asked >= 0;
    if (asked < 0 && asked != SYS_EBUSY) {
        say(trouble, "export", line, asked);
        return false;
    }
    const long value = open_file(line, "value", SYS_O_RDWR);
    const long direction = open_file(line, "direction", SYS_O_WRONLY);
    const long active_low = open_file(line, "active_low", SYS_O_WRONLY);
    if (value < 0 || direction < 0 || active_low < 0) {
        /* Busy without being exported: a driver of the kernel, or a program, holds the line. */
        const long error = value < 0 ? value : direction < 0 ? direction : active_low;
        say(trouble, "open", line, asked < 0 && error == SYS_ENOENT ? SYS_EBUSY : error);
        return false;
    }
    sys_write((int)active_low, "0", 1);
    sys_close((int)active_low);
    it->value = (int)value;
    it->direction = (int)direction;
    it->is_open = true;
    return true;
}

static bool is_possible(const struct gpio_wish *wish, uint32_t chip_lines,
                        struct gpio_trouble *trouble)
{
    const uint32_t needs =
        MFT_LINE_PULL_UP | MFT_LINE_PULL_DOWN | MFT_LINE_OPEN_DRAIN | MFT_LINE_OPEN_SOURCE;

    if (wish->line >= chip_lines || wish->line >= GPIO_DRIVER_LINES) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "line %u is beyond the chip: it has lines 0 to %u", wish->line,
                      chip_lines - 1);
        return false;
    }
    if (wish->flags & needs) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "line %u needs a pull or drive, which sysfs cannot set: use --gpio=cdev, or "
                      "say no-pull if the board has one",
                      wish->line);
        return false;
    }
    return true;
}

static struct gpio_backend *open(const char *label, const struct gpio_wish *wishes, size_t count,
                                 struct gpio_trouble *trouble)
{
    const uint32_t chip_lines = find_chip(label, trouble);

    if (chip_lines == 0)
        return NULL;
    const long export_fd = sys_open(CLASS "/export", SYS_O_WRONLY);
    unexport_fd = (int)sys_open(CLASS "/unexport", SYS_O_WRONLY);
    if (export_fd < 0 || unexport_fd < 0) {
        say(trouble, "export", wishes[0].line, export_fd < 0 ? export_fd : unexport_fd);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_possible(&wishes[i], chip_lines, trouble) ||
            !open_line((int)export_fd, wishes[i].line, trouble))
            return NULL;
    }
    sys_close((int)export_fd);
    return &face;
}

static void allow(struct filter *filter)
{
    int fds[2 * GPIO_DRIVER_LINES];
    size_t count = 0;

    for (uint32_t line = 0; line < GPIO_DRIVER_LINES; line++) {
        if (!lines[line].is_open)
            continue;
        fds[count++] = lines[line].value;
        fds[count++] = lines[line].direction; /* open for writing only, so not read */
    }
    filter_allow_placed(filter, SYS_PWRITE64, fds, count);
    filter_allow_placed(filter, SYS_PREAD64, fds, count);
    if (unexport_fd >= 0)
        filter_allow_fd(filter, SYS_WRITE, unexport_fd);
}

static void close(void)
{
    for (uint32_t line = 0; line < GPIO_DRIVER_LINES; line++) {
        if (lines[line].is_open)
            release(&face, line);
        if (lines[line].exported)
            ask(unexport_fd, line);
    }
}

static const struct linux_backend sysfs_lines = {.allow = allow, .close = close};
LINUX_BACKEND(sysfs_lines);

static const struct gpio_driver sysfs = {.name = "sysfs", .open = open};
GPIO_DRIVER(sysfs);
