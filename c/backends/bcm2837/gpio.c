/* SPDX-License-Identifier: MIT */
/* The lines of the chip through its registers (BCM2835 ARM Peripherals, section 6.1). */
#include "backends/bcm2837/gpio.h"

#include "backends/bcm2837/registers.h"

/* Table 6-1, in words: of lines 0 to 31, or of the first ten; the next ones are of the others. */
enum { GPFSEL = 0x00 / 4, GPSET = 0x1c / 4, GPCLR = 0x28 / 4, GPLEV = 0x34 / 4 };
enum { GPPUD = 0x94 / 4, GPPUDCLK = 0x98 / 4 };

#define OF_SELECTOR 10
#define BANK        32
#define SETTLE      150 /* reads of a register, each at least a cycle: "wait 150 cycles" (GPPUD) */

volatile uint32_t *gpio_registers = (volatile uint32_t *)GPIO;

/* Cores share registers of which a line has some bits only. */
static uint32_t lock;

static void begin(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        ;
}

static void end(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void gpio_register_change(uint32_t at, uint32_t mask, uint32_t value)
{
    begin();
    gpio_registers[at] = (gpio_registers[at] & ~mask) | (value & mask);
    end();
}

void gpio_pin_select(uint32_t line, enum pin_function function)
{
    const uint32_t shift = 3 * (line % OF_SELECTOR);

    gpio_register_change(GPFSEL + line / OF_SELECTOR, UINT32_C(7) << shift,
                         (uint32_t)function << shift);
}

static void settle(void)
{
    for (uint32_t i = 0; i < SETTLE; i++)
        (void)gpio_registers[GPPUD];
}

void gpio_pin_pull(uint32_t line, enum pin_pull pull)
{
    volatile uint32_t *const clock = &gpio_registers[GPPUDCLK + line / BANK];

    begin();
    gpio_registers[GPPUD] = pull;
    settle();
    *clock = UINT32_C(1) << line % BANK;
    settle();
    gpio_registers[GPPUD] = PULL_NONE;
    *clock = 0;
    end();
}

static void write(uint32_t first, uint64_t lines)
{
    if ((uint32_t)lines != 0)
        gpio_registers[first] = (uint32_t)lines;
    if (lines >> BANK != 0)
        gpio_registers[first + 1] = (uint32_t)(lines >> BANK);
}

static bool set(struct gpio_backend *self, uint64_t lines, uint64_t high)
{
    (void)self;
    write(GPSET, lines & high);
    write(GPCLR, lines & ~high);
    return true;
}

static bool get(struct gpio_backend *self, uint64_t lines, uint64_t *high)
{
    uint64_t level = 0;

    (void)self;
    if ((uint32_t)lines != 0)
        level = gpio_registers[GPLEV];
    if (lines >> BANK != 0)
        level |= (uint64_t)gpio_registers[GPLEV + 1] << BANK;
    *high = level & lines;
    return true;
}

static bool in(struct gpio_backend *self, uint32_t line, bool rising, bool falling)
{
    (void)self;
    (void)rising;
    (void)falling;
    if (line >= PINS)
        return false;
    gpio_pin_select(line, PIN_IN);
    return true;
}

/* The level first, which waits in the latch until the line is an output. */
static bool out(struct gpio_backend *self, uint32_t line, bool high)
{
    if (line >= PINS)
        return false;
    set(self, UINT64_C(1) << line, high ? UINT64_MAX : 0);
    gpio_pin_select(line, PIN_OUT);
    return true;
}

static bool release(struct gpio_backend *self, uint32_t line)
{
    return in(self, line, false, false);
}

struct gpio_backend gpio_pins = {
    .in = in,
    .out = out,
    .get = get,
    .set = set,
    .release = release,
};
