/* SPDX-License-Identifier: MIT */
/* The lines of the chip: which registers are written, and that other lines' bits stay. */
#include "backends/bcm2837/gpio.h"

#include "check.h"

enum { GPFSEL1 = 0x04 / 4, GPFSEL5 = 0x14 / 4, GPSET = 0x1c / 4, GPCLR = 0x28 / 4 };
enum { GPLEV = 0x34 / 4, GPPUD = 0x94 / 4, GPPUDCLK = 0x98 / 4, WORDS = 0xa0 / 4 };

static volatile uint32_t registers[WORDS];

static void a_function_leaves_the_other_lines_theirs(void)
{
    registers[GPFSEL1] = 0x3fffffff;
    gpio_pin_select(17, PIN_IN);
    CHECK_EQUAL(registers[GPFSEL1], 0x3fffffff & ~(7u << 21));
    gpio_pin_select(17, PIN_OUT);
    CHECK_EQUAL(registers[GPFSEL1], (0x3fffffff & ~(7u << 21)) | 1u << 21);
    gpio_pin_select(53, PIN_ALT0);
    CHECK_EQUAL(registers[GPFSEL5], 4u << 9);
}

static void levels_are_written_where_they_belong(void)
{
    const uint64_t low = UINT64_C(1) << 4, high = UINT64_C(1) << 17, far = UINT64_C(1) << 40;

    registers[GPSET] = registers[GPSET + 1] = registers[GPCLR] = registers[GPCLR + 1] = 0;
    CHECK(gpio_pins.set(&gpio_pins, low | high | far, high | far));
    CHECK_EQUAL(registers[GPSET], high);
    CHECK_EQUAL(registers[GPSET + 1], 1u << 8);
    CHECK_EQUAL(registers[GPCLR], low);
    CHECK_EQUAL(registers[GPCLR + 1], 0);
}

static void levels_are_read_of_the_lines_asked_for(void)
{
    uint64_t high = 0;

    registers[GPLEV] = 1u << 17 | 1u << 18;
    registers[GPLEV + 1] = 1u << 8;
    CHECK(gpio_pins.get(&gpio_pins, UINT64_C(1) << 17, &high));
    CHECK_EQUAL(high, UINT64_C(1) << 17);
    CHECK(gpio_pins.get(&gpio_pins, UINT64_C(1) << 40 | UINT64_C(1) << 41, &high));
    CHECK_EQUAL(high, UINT64_C(1) << 40);
}

static void an_output_has_its_level_and_a_line_given_back_drives_nothing(void)
{
    registers[GPFSEL1] = 0;
    registers[GPSET] = registers[GPCLR] = 0;
    CHECK(gpio_pins.out(&gpio_pins, 18, true));
    CHECK_EQUAL(registers[GPSET], 1u << 18);
    CHECK_EQUAL(registers[GPFSEL1], 1u << 24);
    CHECK(gpio_pins.out(&gpio_pins, 18, false));
    CHECK_EQUAL(registers[GPCLR], 1u << 18);
    CHECK(gpio_pins.release(&gpio_pins, 18));
    CHECK_EQUAL(registers[GPFSEL1], 0);
    CHECK(gpio_pins.in(&gpio_pins, 53, true, true));
    CHECK(!gpio_pins.in(&gpio_pins, PINS, false, false));
    CHECK(!gpio_pins.out(&gpio_pins, PINS, false));
    CHECK(gpio_pins.edge == NULL);
}

static void a_pull_leaves_its_registers_as_they_have_to_be(void)
{
    registers[GPPUD] = registers[GPPUDCLK] = registers[GPPUDCLK + 1] = 7;
    gpio_pin_pull(40, PULL_UP);
    CHECK_EQUAL(registers[GPPUD], 0);
    CHECK_EQUAL(registers[GPPUDCLK], 7);
    CHECK_EQUAL(registers[GPPUDCLK + 1], 0);
}

int main(void)
{
    gpio_registers = registers;
    a_function_leaves_the_other_lines_theirs();
    levels_are_written_where_they_belong();
    levels_are_read_of_the_lines_asked_for();
    an_output_has_its_level_and_a_line_given_back_drives_nothing();
    a_pull_leaves_its_registers_as_they_have_to_be();
    return 0;
}
