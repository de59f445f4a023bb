/* SPDX-License-Identifier: MIT */
/* The GPIO block and the interrupt controller as a guest above the underlay sees them, over
 * registers that behave as QEMU's do. */
#include "check.h"

#include <stdbool.h>

#include "underlay/edges/gpio.h"
#include "underlay/edges/interrupts.h"

enum {
    GPFSEL1 = 0x04,
    GPSET0 = 0x1c,
    GPCLR0 = 0x28,
    GPLEV0 = 0x34,
    GPEDS0 = 0x40,
    GPREN0 = 0x4c,
    GPFEN0 = 0x58,
    GPHEN0 = 0x64,
    GPLEN0 = 0x70,
    GPAREN0 = 0x7c,
    GPAFEN0 = 0x88,
    GPPUD = 0x94,
};

enum {
    BASIC = 0x200,
    PENDING_1 = 0x204,
    PENDING_2 = 0x208,
    FIQ = 0x20c,
    ENABLE_1 = 0x210,
    ENABLE_2 = 0x214,
    DISABLE_1 = 0x21c,
    DISABLE_2 = 0x220,
};

#define LINE     17
#define BIT      (UINT32_C(1) << LINE)
#define AS_OUT   (UINT32_C(1) << 3 * (LINE % 10))
#define HIGHER   (UINT32_C(1) << (40 - 32)) /* line 40, in the second words */
#define OTHERS   UINT32_C(0x3fffff)         /* lines 32 to 53 */
#define HIGHEST  (UINT32_C(1) << (50 - 32))
#define BANK_0   (UINT32_C(1) << 17)
#define BANK_1   (UINT32_C(1) << 18)
#define BANK_2   (UINT32_C(1) << 19)
#define ANY_BANK (UINT32_C(1) << 20)
#define ALL      (BANK_0 | BANK_1 | BANK_2 | ANY_BANK)

/* QEMU: GPSET and GPCLR move the level of any line, whatever its function. */
static uint32_t chip[0x28];
static uint32_t enabled[2];
static const uint32_t uart = UINT32_C(1) << 25; /* interrupt 57: always pending, if enabled */

uint32_t chip_read(uint32_t offset)
{
    return chip[offset / 4];
}

void chip_write(uint32_t offset, uint32_t value)
{
    if (offset == GPSET0 || offset == GPSET0 + 4)
        chip[(offset - GPSET0 + GPLEV0) / 4] |= value;
    else if (offset == GPCLR0 || offset == GPCLR0 + 4)
        chip[(offset - GPCLR0 + GPLEV0) / 4] &= ~value;
    else
        chip[offset / 4] = value;
}

uint32_t controller_read(uint32_t offset)
{
    const uint32_t pending[2] = {STANDIN & enabled[0], uart & enabled[1]};

    switch (offset) {
    case BASIC:
        return (pending[0] ? 1u << 8 : 0) | (pending[1] ? 1u << 9 : 0);
    case PENDING_1:
    case PENDING_2:
        return pending[(offset - PENDING_1) / 4];
    case ENABLE_1:
    case ENABLE_2:
        return enabled[(offset - ENABLE_1) / 4];
    default:
        return 0;
    }
}

void controller_write(uint32_t offset, uint32_t value)
{
    CHECK(offset != FIQ);
    if (offset == ENABLE_1 || offset == ENABLE_2)
        enabled[(offset - ENABLE_1) / 4] |= value;
    if (offset == DISABLE_1 || offset == DISABLE_2)
        enabled[(offset - DISABLE_1) / 4] &= ~value;
}

static void want(uint32_t kind, uint32_t lines)
{
    for (uint32_t offset = GPREN0; offset <= GPAFEN0 + 4; offset += 4) {
        if ((offset - GPREN0) % 12 < 8)
            gpio_write(offset, 0);
    }
    gpio_write(GPEDS0, UINT32_MAX);
    gpio_write(GPEDS0 + 4, UINT32_MAX);
    gpio_write(kind, lines);
    CHECK_EQUAL(gpio_read(kind), lines);
}

static void outside(bool high)
{
    gpio_outside(high ? GPSET0 : GPCLR0, BIT);
}

static void an_edge_is_detected_where_it_is_wanted(uint32_t rising, uint32_t falling)
{
    outside(false);
    want(rising, BIT);
    outside(true);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
    gpio_write(GPEDS0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    outside(false);
    outside(false);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    want(falling, BIT);
    outside(true);
    outside(true);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    outside(false);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
}

static void a_pulse_is_not_lost_however_short(void)
{
    want(GPREN0, BIT);
    outside(true);
    outside(false);
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, 0);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
    gpio_write(GPEDS0, ~BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
    CHECK_EQUAL(gpio_detected(), BIT);
}

static void a_wanted_level_is_detected_as_long_as_it_is_there(void)
{
    want(GPHEN0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    outside(true);
    gpio_write(GPEDS0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
    outside(false);
    gpio_write(GPEDS0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    want(GPLEN0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT);
    outside(true);
    gpio_write(GPEDS0, BIT);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    outside(false);
}

static void the_other_lines_have_words_of_their_own(void)
{
    want(GPREN0 + 4, OTHERS);
    gpio_write(GPREN0 + 4, UINT32_MAX); /* there are no more */
    CHECK_EQUAL(gpio_wanted(), (uint64_t)OTHERS << 32);
    gpio_outside(GPSET0 + 4, HIGHER);
    CHECK_EQUAL(gpio_read(GPEDS0), 0);
    CHECK_EQUAL(gpio_read(GPEDS0 + 4), HIGHER);
    CHECK_EQUAL(gpio_read(GPREN0 + 8), 0); /* no register */
    gpio_outside(GPSET0 + 8, HIGHEST);
    CHECK_EQUAL(gpio_read(GPEDS0 + 4), HIGHER);
    gpio_outside(GPCLR0 + 4, HIGHER);
}

static void a_level_waits_in_the_latch_until_the_line_is_an_output(void)
{
    want(GPREN0, BIT);
    gpio_write(GPSET0, BIT);
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, 0);
    gpio_write(GPFSEL1, AS_OUT);
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, BIT);
    CHECK_EQUAL(gpio_read(GPFSEL1), AS_OUT);
    CHECK_EQUAL(gpio_read(GPEDS0), BIT); /* an output has edges, too */
    outside(false);                      /* the guest drives it */
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, BIT);
    gpio_write(GPCLR0, BIT);
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, 0);
    gpio_write(GPFSEL1, 0);
    gpio_write(GPSET0, BIT);
    gpio_write(GPCLR0, BIT);
    CHECK_EQUAL(gpio_read(GPLEV0) & BIT, 0);
}

static void other_registers_are_the_chips(void)
{
    gpio_write(GPPUD, 2);
    CHECK_EQUAL(chip[GPPUD / 4], 2);
    CHECK_EQUAL(gpio_read(GPPUD), 2);
}

static void event(uint32_t set, uint32_t line)
{
    gpio_outside(set, line);
    interrupts_settle();
}

static void an_event_is_the_banks_interrupt(uint32_t kind, uint32_t set, uint32_t line,
                                            uint32_t bank)
{
    want(kind, line);
    interrupts_write(ENABLE_2, ALL);
    event(set, line);
    CHECK_EQUAL(interrupts_read(BASIC), 1u << 9);
    CHECK_EQUAL(interrupts_read(PENDING_1), 0);
    CHECK_EQUAL(interrupts_read(PENDING_2), bank | ANY_BANK);
    CHECK_EQUAL(controller_read(PENDING_1), STANDIN);
    interrupts_write(DISABLE_2, bank | ANY_BANK);
    interrupts_settle();
    CHECK_EQUAL(interrupts_read(PENDING_2), 0);
    CHECK_EQUAL(interrupts_read(BASIC), 0);
    CHECK_EQUAL(controller_read(PENDING_1), 0);
    interrupts_write(ENABLE_2, bank);
    interrupts_settle();
    CHECK_EQUAL(interrupts_read(PENDING_2), bank);
    gpio_write(kind == GPREN0 ? GPEDS0 : GPEDS0 + 4, line);
    interrupts_settle();
    CHECK_EQUAL(controller_read(PENDING_1), 0);
    CHECK_EQUAL(interrupts_read(ENABLE_2) & ALL, (ALL & ~ANY_BANK));
    interrupts_write(DISABLE_2, ALL);
    interrupts_settle();
    gpio_outside(set - GPSET0 + GPCLR0, line);
}

static void interrupts_of_others_are_theirs(void)
{
    interrupts_write(ENABLE_2, uart | BANK_0);
    CHECK_EQUAL(enabled[1], uart);
    CHECK_EQUAL(interrupts_read(ENABLE_2), uart | BANK_0);
    CHECK_EQUAL(interrupts_read(PENDING_2), uart);
    interrupts_write(DISABLE_2, uart);
    CHECK_EQUAL(interrupts_read(ENABLE_2), BANK_0);
    interrupts_write(DISABLE_2, BANK_0);
    interrupts_write(FIQ, 0x80 | 52);
}

static void the_standin_is_nobodys(void)
{
    interrupts_write(ENABLE_1, UINT32_MAX);
    CHECK_EQUAL(enabled[0], ~STANDIN);
    CHECK_EQUAL(interrupts_read(ENABLE_1), ~STANDIN);
    want(GPREN0, BIT);
    interrupts_write(ENABLE_2, BANK_0);
    event(GPSET0, BIT);
    interrupts_write(DISABLE_1, UINT32_MAX);
    CHECK_EQUAL(enabled[0], STANDIN);
}

int main(void)
{
    an_edge_is_detected_where_it_is_wanted(GPREN0, GPFEN0);
    an_edge_is_detected_where_it_is_wanted(GPAREN0, GPAFEN0);
    a_pulse_is_not_lost_however_short();
    a_wanted_level_is_detected_as_long_as_it_is_there();
    the_other_lines_have_words_of_their_own();
    a_level_waits_in_the_latch_until_the_line_is_an_output();
    other_registers_are_the_chips();
    an_event_is_the_banks_interrupt(GPREN0, GPSET0, BIT, BANK_0);
    an_event_is_the_banks_interrupt(GPREN0, GPSET0, UINT32_C(1) << 28, BANK_1);
    an_event_is_the_banks_interrupt(GPREN0 + 4, GPSET0 + 4, HIGHER, BANK_1);
    an_event_is_the_banks_interrupt(GPREN0 + 4, GPSET0 + 4, HIGHEST, BANK_2);
    interrupts_of_others_are_theirs();
    the_standin_is_nobodys();
    return 0;
}
