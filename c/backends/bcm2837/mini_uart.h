/* SPDX-License-Identifier: MIT */
/* The mini-UART, another body of uart.h. */
#ifndef RPIKIT_BACKENDS_BCM2837_MINI_UART_H
#define RPIKIT_BACKENDS_BCM2837_MINI_UART_H

#include <stdint.h>

/* Its registers: where they are on the chip, or where a test has some. */
extern volatile uint32_t *mini_uart_registers;

#endif
