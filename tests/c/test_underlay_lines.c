/* SPDX-License-Identifier: MIT */
/* The GPIO block as a Linux beside guests has it: whatever it writes, lines of others stay. */
#include "underlay/linux/lines.h"

#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/gpio_edge.h"
#include "check.h"

#define BYTES 0xb4
#define WORDS (BYTES / 4)
#define LINE  17
#define FAR   40
#define OWN   (UINT64_C(1) << LINE | UINT64_C(1) << FAR)
#define BIT   (UINT32_C(1) << LINE)
#define UPPER (UINT32_C(1) << (FAR - 32))
#define FIELD (UINT32_C(7) << 3 * (LINE - 10))
#define AS    (3 * (LINE - 10))

static volatile uint32_t registers[WORDS];

uint32_t gpio_register_read(uint32_t at)
{
    return registers[at];
}

void gpio_register_write(uint32_t at, uint32_t value)
{
    registers[at] = value;
}

static void fill(uint32_t value)
{
    for (uint32_t i = 0; i < WORDS; i++)
        registers[i] = value;
}

/* What a register may hold of the own lines. */
static uint32_t mask(uint32_t offset)
{
    if (offset == 0x04)
        return FIELD;
    if (offset == 0x10)
        return 7; /* of line 40 */
    if (offset < 0x1c || offset == 0x24 || offset == 0x30 || offset == 0x3c || offset == 0x48)
        return 0;
    if (offset == 0x54 || offset == 0x60 || offset == 0x6c || offset == 0x78 || offset == 0x84)
        return 0;
    if (offset == 0x94)
        return 3;
    if (offset == 0x98 || offset == 0x9c)
        return offset == 0x98 ? BIT : UPPER;
    if (offset >= 0x90)
        return 0;
    return (offset - 0x1c) % 0xc == 0 ? BIT : UPPER;
}

static void of_others_it_sees_nothing(void)
{
    fill(UINT32_MAX);
    for (uint32_t offset = 0; offset < BYTES; offset += 4)
        CHECK_EQUAL(lines_load(offset), mask(offset));
    CHECK_EQUAL(lines_load(0x35), 0);
    CHECK_EQUAL(lines_load(0xfff), 0);
    CHECK_EQUAL(lines_load(0xffc), 0);
}

/* Levels are read only; GPSET and the like do what their ones say, and nothing of the zeros. */
static int is_order(uint32_t offset)
{
    return (offset >= 0x1c && offset < 0x34) || offset == 0x40 || offset == 0x44 || offset >= 0x94;
}

static void of_others_it_changes_nothing(void)
{
    static const uint32_t before[] = {0, UINT32_MAX, 0x5a5a5a5a};

    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t offset = 0; offset < BYTES; offset++) {
            fill(before[i]);
            lines_store(offset, UINT32_MAX);
            lines_store(offset, 0x12345678);
            lines_store(offset, ~before[i]);
            for (uint32_t at = 0; at < WORDS; at++) {
                const uint32_t own = 4 * at == offset ? mask(offset) : 0;
                const int is_level = offset == 0x34 || offset == 0x38;
                uint32_t after = before[i] ^ (is_level ? 0 : own);
                if (own && is_order(offset))
                    after = ~before[i] & own;
                CHECK_EQUAL(registers[at], after);
            }
        }
    }
}

static void its_own_lines_are_the_chips(void)
{
    fill(0);
    lines_store(0x04, PIN_OUT << AS);
    CHECK_EQUAL(registers[1], PIN_OUT << AS);
    lines_store(0x1c, BIT);
    CHECK_EQUAL(registers[7], BIT);
    lines_store(0x2c, UPPER);
    CHECK_EQUAL(registers[11], UPPER);
    registers[13] = BIT;
    CHECK_EQUAL(lines_load(0x34), BIT);
}

static void what_it_drove_is_an_input_when_it_has_ended(void)
{
    fill(0);
    registers[1] = PIN_OUT << AS | PIN_OUT; /* and line 10, of somebody else */
    registers[4] = PIN_ALT0;
    lines_take_back();
    CHECK_EQUAL(registers[1], PIN_OUT);
    CHECK_EQUAL(registers[4], PIN_ALT0);
}

static void what_is_no_line_cannot_be_given(void)
{
    lines_give(UINT64_MAX);
    fill(UINT32_MAX);
    CHECK_EQUAL(lines_load(0x14), 0xfff);      /* lines 50 to 53 */
    CHECK_EQUAL(lines_load(0x38), 0x3fffff);   /* lines 32 to 53 */
    CHECK_EQUAL(lines_load(0x00), 0x3fffffff); /* two bits are nobody's */
}

int main(void)
{
    gpio_registers = registers;
    lines_give(OWN);
    of_others_it_sees_nothing();
    of_others_it_changes_nothing();
    its_own_lines_are_the_chips();
    what_it_drove_is_an_input_when_it_has_ended();
    what_is_no_line_cannot_be_given();
    return 0;
}
