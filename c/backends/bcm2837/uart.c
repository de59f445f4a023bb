/* SPDX-License-Identifier: MIT */
/* The first serial port, a PL011 (BCM2835 ARM Peripherals, section 13.4). */
#include "backends/bcm2837/uart.h"

#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/registers.h"

enum {
    DATA = 0x00,         /* UARTDR */
    FLAGS = 0x18,        /* UARTFR */
    BAUD_WHOLE = 0x24,   /* UARTIBRD */
    BAUD_PART = 0x28,    /* UARTFBRD, in 64ths */
    LINE_CONTROL = 0x2c, /* UARTLCRH */
    CONTROL = 0x30,      /* UARTCR */
    INTERRUPTS = 0x38,   /* UARTIMSC */
};

#define FULL       (UINT32_C(1) << 5) /* FLAGS: no room to send */
#define EIGHT_BITS (UINT32_C(3) << 5) /* LINE_CONTROL, with ... */
#define QUEUES     (UINT32_C(1) << 4)
#define ON         (UINT32_C(1) << 0 | UINT32_C(3) << 8) /* CONTROL: on, to send and to receive */

/* 48 MHz / (16 * 115200) = 26 + 3/64. */
#define WHOLE       26
#define PART        3

#define SEND_PIN    14
#define RECEIVE_PIN 15

void uart_prepare(void)
{
    write32(UART + CONTROL, 0);
    gpio_pin_select(SEND_PIN, PIN_ALT0);
    gpio_pin_select(RECEIVE_PIN, PIN_ALT0);
    write32(UART + INTERRUPTS, 0);
    write32(UART + BAUD_WHOLE, WHOLE);
    write32(UART + BAUD_PART, PART);
    write32(UART + LINE_CONTROL, EIGHT_BITS | QUEUES);
    write32(UART + CONTROL, ON);
}

bool uart_send(char byte)
{
    if (read32(UART + FLAGS) & FULL)
        return false;
    write32(UART + DATA, (uint8_t)byte);
    return true;
}

void uart_say(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!uart_send(*text))
            ;
    }
}
