/* SPDX-License-Identifier: MIT */
/* The first serial port, a PL011. */
#ifndef RPIKIT_BACKENDS_BCM2837_UART_H
#define RPIKIT_BACKENDS_BCM2837_UART_H

#include <stdbool.h>

/* Gives the port its pins, 115200 baud at the 48 MHz that the firmware sets, 8 bits, no parity. */
void uart_prepare(void);

/* Sends (byte) if the port has room for it. */
bool uart_send(char byte);

/* Sends all of (text), waiting for room: for last words. */
void uart_say(const char *text);

#endif
