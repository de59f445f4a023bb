/* SPDX-License-Identifier: MIT */
/* The second serial port, the mini-UART (BCM2835 ARM Peripherals, section 2.2), as the console. Its
 * rate is a part of the core's clock, which has to stay: core_freq in config.txt. */
#include "backends/bcm2837/mini_uart.h"

#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/mailbox.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/uart.h"

enum {
    ENABLES = 0x04 / 4,      /* AUX_ENABLES, shared with two SPIs */
    DATA = 0x40 / 4,         /* AUX_MU_IO_REG */
    INTERRUPTS = 0x44 / 4,   /* AUX_MU_IER_REG */
    QUEUES = 0x48 / 4,       /* AUX_MU_IIR_REG */
    LINE_CONTROL = 0x4c / 4, /* AUX_MU_LCR_REG */
    MODEM = 0x50 / 4,        /* AUX_MU_MCR_REG */
    FLAGS = 0x54 / 4,        /* AUX_MU_LSR_REG */
    CONTROL = 0x60 / 4,      /* AUX_MU_CNTL_REG */
    BAUD = 0x68 / 4,         /* AUX_MU_BAUD_REG */
};

#define ON          UINT32_C(1)    /* ENABLES */
#define EMPTIED     UINT32_C(0xc6) /* QUEUES: both */
#define EIGHT_BITS  UINT32_C(3) /* LINE_CONTROL: two bits, whatever the manual says (its errata) */
#define BOTH_WAYS   UINT32_C(3) /* CONTROL */
#define CAME        UINT32_C(0x01) /* FLAGS: a byte */
#define ROOM        UINT32_C(0x20) /* for one */
#define IDLE        UINT32_C(0x40) /* all are on the line */

#define CORE_HZ     UINT32_C(250000000) /* with enable_uart=1, if the firmware does not say */
#define RATE        115200
#define SEND_PIN    14
#define RECEIVE_PIN 15

volatile uint32_t *mini_uart_registers = (volatile uint32_t *)AUX;

void uart_prepare(void)
{
    const uint32_t told = mailbox_clock_rate(MAILBOX_CLOCK_CORE);
    const uint32_t hz = told == 0 ? CORE_HZ : told;

    mini_uart_registers[ENABLES] |= ON;
    mini_uart_registers[CONTROL] = 0;
    gpio_pin_select(SEND_PIN, PIN_ALT5);
    gpio_pin_select(RECEIVE_PIN, PIN_ALT5);
    mini_uart_registers[INTERRUPTS] = 0;
    mini_uart_registers[QUEUES] = EMPTIED;
    mini_uart_registers[LINE_CONTROL] = EIGHT_BITS;
    mini_uart_registers[MODEM] = 0;
    mini_uart_registers[BAUD] = (hz + 4 * RATE) / (8 * RATE) - 1; /* 2.2.1 */
    mini_uart_registers[CONTROL] = BOTH_WAYS;
}

bool uart_send(char byte)
{
    if (!(mini_uart_registers[FLAGS] & ROOM))
        return false;
    mini_uart_registers[DATA] = (uint8_t)byte;
    return true;
}

bool uart_receive(uint8_t *byte)
{
    if (!(mini_uart_registers[FLAGS] & CAME))
        return false;
    *byte = (uint8_t)mini_uart_registers[DATA];
    return true;
}

void uart_drain(void)
{
    while (!(mini_uart_registers[FLAGS] & IDLE))
        ;
}
