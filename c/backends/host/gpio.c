/* SPDX-License-Identifier: MIT */
/* GPIO lines of the developer's machine: shared memory, with a bench or nobody at the other end. */
#include "backends/clock.h"
#include "backends/host/pins.h"
#include "backends/linux/backend.h"
#include "backends/linux/gpio_driver.h"
#include "backends/linux/poll.h"
#include "lib/format.h"

/* include/uapi/asm-generic/mman*.h */
enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 0x1, MAP_ANONYMOUS = 0x20 };

#define ALL_MAY_READ 0644
#define FIFO         0010600 /* include/uapi/linux/stat.h */

static struct pins *pins;
static uint32_t line_flags[PINS_LINES];
static uint8_t wanted[PINS_LINES]; /* edges */
static uint64_t taken;             /* edges of the bench's that were looked at */
static int wake;                   /* a FIFO that can be read when there are more; 0 for none */

enum { WANTS_RISING = 1, WANTS_FALLING = 2 };

static uint8_t load(const uint8_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static bool is_high(uint32_t line)
{
    const uint8_t *const drives[] = {&pins->guest.drive[line], &pins->bench.drive[line],
                                     &pins->pull[line]};

    for (uint32_t i = 0; i < sizeof(drives) / sizeof(drives[0]); i++) {
        const uint8_t drive = load(drives[i]);
        if (drive != PINS_FREE)
            return drive == PINS_HIGH;
    }
    return false;
}

static void note(uint32_t line, bool high)
{
    struct pins_side *side = &pins->guest;
    const uint64_t count = side->count;

    side->edge[count % PINS_EDGES] =
        (struct pins_edge){backend_clock_monotonic(), line + (high ? PINS_LINES : 0)};
    __atomic_store_n(&side->count, count + 1, __ATOMIC_RELEASE);
}

static void drive(uint32_t line, enum pins_drive to)
{
    const bool before = is_high(line);

    __atomic_store_n(&pins->guest.drive[line], (uint8_t)to, __ATOMIC_RELEASE);
    if (is_high(line) != before)
        note(line, !before);
}

static bool in(struct gpio_backend *self, uint32_t line, bool rising, bool falling)
{
    (void)self;
    wanted[line] = (rising ? WANTS_RISING : 0) | (falling ? WANTS_FALLING : 0);
    drive(line, PINS_FREE);
    return true;
}

static void set_one(uint32_t line, bool high)
{
    const uint32_t left_alone = high ? MFT_LINE_OPEN_DRAIN : MFT_LINE_OPEN_SOURCE;

    if (line_flags[line] & left_alone)
        drive(line, PINS_FREE);
    else
        drive(line, high ? PINS_HIGH : PINS_LOW);
}

static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    (void)self;
    wanted[line] = 0;
    set_one(line, high);
    return true;
}

static bool set(struct gpio_backend *self, uint64_t lines, uint64_t high)
{
    (void)self;
    for (uint64_t left = lines; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        set_one(line, (high >> line & 1) != 0);
    }
    return true;
}

static bool get(struct gpio_backend *self, uint64_t lines, uint64_t *high)
{
    (void)self;
    *high = 0;
    for (uint64_t left = lines; left != 0; left &= left - 1) {
        const uint32_t line = (uint32_t)__builtin_ctzll(left);
        *high |= (uint64_t)is_high(line) << line;
    }
    return true;
}

static bool release(struct gpio_backend *self, uint32_t line)
{
    return in(self, line, false, false);
}

/* The next edge of the bench's, whoever wants it. */
static bool next_edge(struct gpio_edge *edge)
{
    const struct pins_side *side = &pins->bench;
    const uint64_t count = __atomic_load_n(&side->count, __ATOMIC_ACQUIRE);

    edge->lost = 0;
    if (count - taken > PINS_EDGES) {
        edge->lost = (uint32_t)(count - taken - PINS_EDGES);
        taken = count - PINS_EDGES;
    }
    if (taken == count)
        return false;
    const struct pins_edge found = side->edge[taken++ % PINS_EDGES];
    edge->at = found.at;
    edge->line = (uint32_t)(found.line % PINS_LINES);
    edge->high = found.line >= PINS_LINES;
    return true;
}

/* Takes what woke us, so that we can sleep again. */
static void quieten(void)
{
    char bytes[64];

    while (wake > 0 && sys_read(wake, bytes, sizeof(bytes)) > 0)
        continue;
}

static bool edge(struct gpio_backend *self, struct gpio_edge *edge)
{
    uint32_t lost = 0;

    (void)self;
    quieten(); /* before the look: whatever comes after it wakes us again */
    while (next_edge(edge)) {
        lost += edge->lost;
        if (wanted[edge->line] & (edge->high ? WANTS_RISING : WANTS_FALLING)) {
            edge->lost = lost;
            return true;
        }
    }
    return false;
}

static struct gpio_backend face = {
    .in = in,
    .out = out,
    .get = get,
    .set = set,
    .release = release,
    .edge = edge,
};

/* The shared memory of (file), or of nobody else if that is NULL. Below 0: why not. */
static long map(const char *file)
{
    const long access = PROT_READ | PROT_WRITE;

    if (!file)
        return sys_call6(SYS_MMAP, 0, sizeof(*pins), access, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const long fd = sys_call6(SYS_OPENAT, SYS_AT_FDCWD, (long)(uintptr_t)file,
                              SYS_O_RDWR | SYS_O_CREAT | SYS_O_CLOEXEC, ALL_MAY_READ, 0, 0);
    if (fd < 0)
        return fd;
    long result = sys_call3(SYS_FTRUNCATE, fd, sizeof(*pins), 0);
    if (result == 0)
        result = sys_call6(SYS_MMAP, 0, sizeof(*pins), access, MAP_SHARED, fd, 0);
    sys_close((int)fd);
    return result;
}

static void let_go(void)
{
    for (uint32_t line = 0; pins && line < PINS_LINES; line++)
        drive(line, PINS_FREE);
}

/* The bench writes a byte into the FIFO beside (file) for each edge. */
static long open_wake(const char *file)
{
    char name[4096];

    if (format_buffer(name, sizeof(name), "%s" PINS_WAKE, file) >= sizeof(name))
        return SYS_EINVAL;
    sys_call6(SYS_MKNODAT, SYS_AT_FDCWD, (long)(uintptr_t)name, FIFO, 0, 0, 0);
    const long fd = sys_open(name, SYS_O_RDWR | SYS_O_NONBLOCK);
    if (fd < 0)
        return fd;
    wake = (int)fd;
    return poll_add(wake, POLL_WAKE);
}

static enum pins_drive pull_of(uint32_t flags)
{
    if (flags & MFT_LINE_PULL_UP)
        return PINS_HIGH;
    return flags & MFT_LINE_PULL_DOWN ? PINS_LOW : PINS_FREE;
}

static struct gpio_backend *open(const char *label, const struct gpio_wish *wishes, size_t count,
                                 struct gpio_trouble *trouble)
{
    const long at = map(label);
    uint32_t edges = 0;

    if (at < 0 && at > -4096) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "%s: cannot be the file of the pins: %s", label ? label : "memory",
                      sys_error_text(at));
        return NULL;
    }
    struct pins *const found = (struct pins *)at;
    if (found->version != 0 && found->version != PINS_VERSION) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "%s: pins of another version of rpikit; remove the file", label);
        return NULL;
    }
    pins = found;
    pins->version = PINS_VERSION;
    let_go(); /* a guest before this one may have been killed */
    for (size_t i = 0; i < count; i++) {
        line_flags[wishes[i].line] = wishes[i].flags;
        pins->pull[wishes[i].line] = pull_of(wishes[i].flags);
        edges |= wishes[i].flags & (MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING);
    }
    taken = pins->bench.count;
    const long result = label && edges ? open_wake(label) : 0;
    if (result < 0) {
        format_buffer(trouble->text, sizeof(trouble->text), "%s" PINS_WAKE ": %s", label,
                      sys_error_text(result));
        return NULL;
    }
    return &face;
}

static const struct gpio_driver host = {.name = "host", .open = open};
GPIO_DRIVER(host);

static const struct linux_backend lines = {.close = let_go};
LINUX_BACKEND(lines);
