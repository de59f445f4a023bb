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
    FORGET = 0x44,       /* UARTICR: of the interrupts with these bits */
};

#define FULL       (UINT32_C(1) << 5) /* FLAGS: no room to send */
#define EMPTY      (UINT32_C(1) << 4) /* nothing came */
#define BUSY       (UINT32_C(1) << 3) /* a byte is on the line, or waits */
#define EIGHT_BITS (UINT32_C(3) << 5) /* LINE_CONTROL, with ... */
#define QUEUES     (UINT32_C(1) << 4)
#define ON         (UINT32_C(1) << 0 | UINT32_C(3) << 8) /* CONTROL: on, to send and to receive */

#define EVERY      UINT32_C(0x7ff) /* FORGET */
#define RECEIVED                                                                                   \
    (UINT32_C(1) << 6 | UINT32_C(1) << 4) /* INTERRUPTS: a few bytes, or a while ago               \
                                           */

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
    write32(UART + FORGET, EVERY); /* a reset of QEMU's board leaves them as they were */
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

bool uart_receive(uint8_t *byte)
{
    if (read32(UART + FLAGS) & EMPTY)
        return false;
    *byte = (uint8_t)read32(UART + DATA);
    return true;
}

void uart_drain(void)
{
    while (read32(UART + FLAGS) & BUSY)
        ;
}

void uart_set_baud(uint32_t hz, uint32_t baud)
{
    const uint64_t parts = ((uint64_t)hz * 4 + baud / 2) / baud; /* 64ths of hz / (16 * baud) */
    const uint32_t control = read32(UART + CONTROL);

    write32(UART + CONTROL, 0);
    write32(UART + BAUD_WHOLE, (uint32_t)(parts / 64));
    write32(UART + BAUD_PART, (uint32_t)(parts % 64));
    write32(UART + LINE_CONTROL, EIGHT_BITS | QUEUES); /* takes the rate over */
    write32(UART + CONTROL, control);
}

void uart_interrupt(bool on)
{
    write32(UART + INTERRUPTS, on ? RECEIVED : 0);
}

void uart_forget_interrupts(void)
{
    write32(UART + FORGET, EVERY);
}
