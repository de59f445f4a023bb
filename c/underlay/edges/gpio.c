/* SPDX-License-Identifier: MIT */
/* The event registers: edges and levels of each line, seen at each change of it. */
#include "underlay/edges/gpio.h"

#include <stdbool.h>

/* BCM2835 ARM Peripherals, table 6-1: of lines 0 to 31; the next word is of the others. */
enum {
    GPFSEL0 = 0x00,
    GPFSEL5 = 0x14,
    GPSET0 = 0x1c,
    GPCLR0 = 0x28,
    GPLEV0 = 0x34,
    GPEDS0 = 0x40,
    GPREN0 = 0x4c, /* the first of six pairs: what is wanted */
    GPAFEN1 = 0x8c,
};

enum wanted { RISING, FALLING, HIGH, LOW, ASYNC_RISING, ASYNC_FALLING, KINDS };

#define STRIDE            0xc /* from a pair of registers to the next */
#define LINES             54
#define ALL_LINES         ((UINT64_C(1) << LINES) - 1)
#define LINES_OF_SELECTOR 10
#define OUTPUT            1u

static uint64_t detected, wanted[KINDS];
static uint64_t level;   /* as seen last */
static uint64_t outputs; /* lines that the guest drives */
static uint64_t latch;   /* what it drives them to once they are outputs */

/* Which word of the pair of registers at (first); below 0: none. */
static int32_t word_of(uint32_t offset, uint32_t first)
{
    return offset == first ? 0 : offset == first + 4 ? 1 : -1;
}

static uint64_t shifted(uint32_t value, int32_t word)
{
    return (uint64_t)value << 32 * word;
}

static void look(void)
{
    const uint64_t now = (chip_read(GPLEV0) | shifted(chip_read(GPLEV0 + 4), 1)) & ALL_LINES;
    const uint64_t rose = now & ~level, fell = level & ~now;

    level = now;
    detected |= (rose & (wanted[RISING] | wanted[ASYNC_RISING])) |
                (fell & (wanted[FALLING] | wanted[ASYNC_FALLING])) | (level & wanted[HIGH]) |
                (~level & wanted[LOW]);
}

static void move(uint32_t first, uint64_t lines)
{
    if ((uint32_t)lines != 0)
        chip_write(first, (uint32_t)lines);
    if (lines >> 32 != 0)
        chip_write(first + 4, (uint32_t)(lines >> 32));
}

/* Gives lines their functions; those that become outputs, the level in their latch. */
static void select(uint32_t offset, uint32_t value)
{
    const uint32_t first = (offset - GPFSEL0) / 4 * LINES_OF_SELECTOR;
    const uint64_t before = outputs;

    for (uint32_t i = 0; i < LINES_OF_SELECTOR && first + i < LINES; i++) {
        const uint64_t line = UINT64_C(1) << (first + i);
        outputs = (value >> 3 * i & 7) == OUTPUT ? outputs | line : outputs & ~line;
    }
    chip_write(offset, value);
    const uint64_t turned = outputs & ~before;
    move(GPSET0, turned & latch);
    move(GPCLR0, turned & ~latch);
}

/* The pair of registers that says which lines (offset) wants which events of; NULL: none. */
static uint64_t *wanted_at(uint32_t offset, int32_t *word)
{
    if (offset < GPREN0 || offset > GPAFEN1 || (offset - GPREN0) % STRIDE > 4)
        return 0;
    *word = (int32_t)((offset - GPREN0) % STRIDE / 4);
    return &wanted[(offset - GPREN0) / STRIDE];
}

uint32_t gpio_read(uint32_t offset)
{
    int32_t word;
    const uint64_t *kind = wanted_at(offset, &word);

    if (kind)
        return (uint32_t)(*kind >> 32 * word);
    if ((word = word_of(offset, GPEDS0)) >= 0)
        return (uint32_t)(detected >> 32 * word);
    return chip_read(offset);
}

void gpio_write(uint32_t offset, uint32_t value)
{
    int32_t word;
    uint64_t *kind = wanted_at(offset, &word);

    if (kind) {
        const uint64_t others = *kind & ~shifted(UINT32_MAX, word);
        *kind = (others | shifted(value, word)) & ALL_LINES;
    } else if ((word = word_of(offset, GPEDS0)) >= 0) {
        detected &= ~shifted(value, word);
    } else if ((word = word_of(offset, GPSET0)) >= 0) {
        latch |= shifted(value, word) & ALL_LINES;
        move(GPSET0, shifted(value, word) & outputs);
    } else if ((word = word_of(offset, GPCLR0)) >= 0) {
        latch &= ~shifted(value, word);
        move(GPCLR0, shifted(value, word) & outputs);
    } else if (offset <= GPFSEL5) {
        select(offset, value);
    } else {
        chip_write(offset, value);
    }
    look();
}

void gpio_outside(uint32_t offset, uint32_t value)
{
    const uint32_t first = offset < GPCLR0 ? GPSET0 : GPCLR0;
    const int32_t word = word_of(offset, first);

    if (word < 0)
        return;
    move(first, shifted(value, word) & ~outputs & ALL_LINES);
    look();
}

uint64_t gpio_detected(void)
{
    return detected;
}

uint64_t gpio_wanted(void)
{
    uint64_t lines = 0;

    for (uint32_t kind = 0; kind < KINDS; kind++)
        lines |= wanted[kind];
    return lines;
}
