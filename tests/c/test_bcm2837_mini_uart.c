/* SPDX-License-Identifier: MIT */
/* The mini-UART as the console: its rate, its pins, and room for a byte. */
#include "backends/bcm2837/mini_uart.h"

#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/mailbox.h"
#include "backends/bcm2837/uart.h"
#include "check.h"

enum { ENABLES = 1, DATA = 16, LINE_CONTROL = 19, FLAGS = 21, CONTROL = 24, BAUD = 26, WORDS };
enum { GPFSEL1 = 0x04 / 4 };

static volatile uint32_t registers[WORDS], pins[0xa0 / 4];
static uint32_t core; /* Hz, as the firmware says */

uint32_t mailbox_clock_rate(enum mailbox_clock clock)
{
    CHECK_EQUAL(clock, MAILBOX_CLOCK_CORE);
    return core;
}

static void it_is_on_with_the_nearest_rate_of_the_cores_clock(void)
{
    static const struct {
        uint32_t hz, divider;
    } cases[] = {{250000000, 270}, {400000000, 433}, {0, 270}};

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        core = cases[i].hz;
        registers[ENABLES] = 6;
        uart_prepare();
        CHECK_EQUAL(registers[ENABLES], 7); /* the SPIs stay as they are */
        CHECK_EQUAL(registers[BAUD], cases[i].divider);
        CHECK_EQUAL(registers[LINE_CONTROL], 3);
        CHECK_EQUAL(registers[CONTROL], 3);
        CHECK_EQUAL(pins[GPFSEL1], 022 << 12); /* ALT5 of lines 14 and 15 */
    }
}

static void a_byte_goes_when_there_is_room(void)
{
    registers[FLAGS] = 0;
    registers[DATA] = 0;
    CHECK(!uart_send('x'));
    CHECK_EQUAL(registers[DATA], 0);
    registers[FLAGS] = 0x60;
    CHECK(uart_send((char)0xe9));
    CHECK_EQUAL(registers[DATA], 0xe9);
    uart_say("ab");
    CHECK_EQUAL(registers[DATA], 'b');
    uart_drain();
}

static void a_byte_that_came_is_taken(void)
{
    uint8_t byte = 7;

    registers[FLAGS] = 0x60;
    CHECK(!uart_receive(&byte));
    CHECK_EQUAL(byte, 7);
    registers[FLAGS] = 0x61;
    registers[DATA] = 0xe9;
    CHECK(uart_receive(&byte));
    CHECK_EQUAL(byte, 0xe9);
}

int main(void)
{
    mini_uart_registers = registers;
    gpio_registers = pins;
    it_is_on_with_the_nearest_rate_of_the_cores_clock();
    a_byte_goes_when_there_is_room();
    a_byte_that_came_is_taken();
    return 0;
}
