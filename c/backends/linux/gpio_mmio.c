/* SPDX-License-Identifier: MIT */
/* GPIO lines of a Raspberry Pi through its registers: the kernel still owns, turns, pulls and
 * watches the lines (gpio_cdev.c), but levels go past it. Only GPSET, GPCLR and GPLEV are touched,
 * of which no access disturbs another program's, and only bits of granted lines are written. */
#include "backends/linux/backend.h"
#include "backends/linux/gpio_cdev.h"
#include "backends/linux/gpio_mmio.h"
#include "backends/linux/sealed.h"
#include "lib/format.h"
#include "lib/string.h"

#define PAGE   0x1000
#define RANGES "/proc/device-tree/soc/ranges"
#define BUS    0x7e000000u /* peripherals as the device tree writes them; the GPIO block follows */
#define GPIO   0x200000u   /* there: BCM2835 ARM Peripherals, section 6.1 */

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1 };

/* BCM2835 ARM Peripherals, table 6-1; of lines 0 to 31, the next of the others. */
enum gpio_register {
    GPSET = 0x1c / 4,
    GPCLR = 0x28 / 4,
    GPLEV = 0x34 / 4,
};

volatile uint32_t *gpio_mmio_registers SEALED;

static uint64_t direct SEALED;             /* lines that are written through registers */
static uint64_t others SEALED;             /* lines that are not */
static struct gpio_backend *kernel SEALED; /* everything else */

static void write(enum gpio_register first, uint64_t lines)
{
    if (lines == 0)
        return;
    if ((uint32_t)lines != 0)
        gpio_mmio_registers[first] = (uint32_t)lines;
    if (lines >> 32 != 0)
        gpio_mmio_registers[first + 1] = (uint32_t)(lines >> 32);
}

static bool set(struct gpio_backend *self, uint64_t lines, uint64_t high)
{
    (void)self;
    if (__builtin_expect((lines & others) != 0, 0)) {
        if (!kernel->set(kernel, lines & others, high & others))
            return false;
        lines &= direct;
        high &= direct;
    }
    write(GPSET, high);
    write(GPCLR, lines & ~high);
    return true;
}

static bool get(struct gpio_backend *self, uint64_t lines, uint64_t *high)
{
    uint64_t level = 0;

    (void)self;
    if ((uint32_t)lines != 0)
        level = gpio_mmio_registers[GPLEV];
    if (lines >> 32 != 0)
        level |= (uint64_t)gpio_mmio_registers[GPLEV + 1] << 32;
    *high = level & lines;
    return true;
}

static struct gpio_backend face = {.get = get, .set = set};

/* The kernel sets all outputs anew when it turns one line: to what the pins have now. */
static void tell_kernel(struct gpio_backend *self)
{
    uint64_t high;

    get(self, direct, &high);
    gpio_cdev_levels = (gpio_cdev_levels & ~direct) | high;
}

static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    tell_kernel(self);
    return kernel->out(kernel, line, high);
}

static bool release(struct gpio_backend *self, uint32_t line)
{
    tell_kernel(self);
    return kernel->release(kernel, line);
}

static bool in(struct gpio_backend *self, uint32_t line, bool rising, bool falling)
{
    tell_kernel(self);
    const bool works = kernel->in(kernel, line, rising, falling);

    self->edge = kernel->edge;
    return works;
}

/* Where the ARM sees the block: from the device tree. 0 if that does not say. */
static uint64_t find_block(void)
{
    uint32_t cells[4] = {0};
    const long fd = sys_open(RANGES, SYS_O_RDONLY);
    const long got = fd < 0 ? fd : sys_read((int)fd, cells, sizeof(cells));

    if (fd >= 0)
        sys_close((int)fd);
    if (got < 12 || __builtin_bswap32(cells[0]) != BUS)
        return 0;
    /* An address of the ARM has one cell, or two of which the first is 0. */
    const uint32_t base = __builtin_bswap32(cells[cells[1] == 0 ? 2 : 1]);
    return base == 0 ? 0 : (uint64_t)base + GPIO;
}

static long map(const char *device, uint64_t at)
{
    const long fd = sys_open(device, SYS_O_RDWR);

    if (fd < 0)
        return fd;
    const long mapped =
        sys_call6(SYS_MMAP, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (long)at);
    sys_close((int)fd);
    return mapped;
}

static bool is_error(long result)
{
    return result < 0 && result > -4096;
}

static bool open_registers(struct gpio_trouble *trouble)
{
    long mapped = map("/dev/gpiomem", 0);

    if (mapped == SYS_ENOENT) {
        const uint64_t at = find_block();
        if (at == 0) {
            format_buffer(trouble->text, sizeof(trouble->text),
                          RANGES " does not say where the registers are: use --gpio=cdev");
            return false;
        }
        mapped = map("/dev/mem", at);
    }
    if (is_error(mapped)) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "cannot map the GPIO registers: %s: run as root, on a kernel that has "
                      "/dev/gpiomem or was started with iomem=relaxed; or use --gpio=cdev",
                      sys_error_text(mapped));
        return false;
    }
    gpio_mmio_registers = (volatile uint32_t *)mapped;
    return true;
}

static struct gpio_backend *open(const char *label, const struct gpio_wish *wishes, size_t count,
                                 struct gpio_trouble *trouble)
{
    if (label && !gpio_label_fits(NULL, label)) {
        format_buffer(trouble->text, sizeof(trouble->text),
                      "--gpio=mmio knows the registers of the Raspberry Pi's own chip, not of %s: "
                      "use --gpio=cdev",
                      label);
        return NULL;
    }
    kernel = gpio_cdev_open(label, wishes, count, trouble);
    if (!kernel || !open_registers(trouble))
        return NULL;
    face.out = out;
    face.release = release;
    face.edge = kernel->edge;
    face.in = in;
    for (size_t i = 0; i < count; i++) {
        /* The chip has neither drive: the kernel makes them of directions. */
        if (!(wishes[i].flags & (MFT_LINE_OPEN_DRAIN | MFT_LINE_OPEN_SOURCE)))
            direct |= UINT64_C(1) << wishes[i].line;
        else
            others |= UINT64_C(1) << wishes[i].line;
    }
    return &face;
}

static const struct gpio_driver mmio = {.name = "mmio", .open = open};
GPIO_DRIVER(mmio);
