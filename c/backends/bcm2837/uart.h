/* SPDX-License-Identifier: MIT */
/* The serial port that is the console: the PL011, or the mini-UART (mini_uart.c) of a program that
 * is linked with it, which neither changes its rate nor interrupts. */
#ifndef RPIKIT_BACKENDS_BCM2837_UART_H
#define RPIKIT_BACKENDS_BCM2837_UART_H

#include <stdbool.h>
#include <stdint.h>

/* Gives the port its pins, 115200 baud, 8 bits, no parity. The PL011's clock has the 48 MHz that
 * the firmware sets; the mini-UART's is that of the core, which the firmware is asked for. */
void uart_prepare(void);

/* Sends (byte) if the port has room for it. */
bool uart_send(char byte);

/* Takes the (byte) that came first, if one came. What came with a fault of the line counts, too. */
bool uart_receive(uint8_t *byte);

/* Waits until all that was given to uart_send() is on the line, and no more bytes are. */
void uart_drain(void);

/* Changes to (baud), with the clock at (hz), at least 16 times that. What it was sending is lost.
 */
void uart_set_baud(uint32_t hz, uint32_t baud);

/* Has bytes that came be an interrupt of the chip: UART_INTERRUPT, until all were taken. */
void uart_interrupt(bool on);

/* Takes note of all interrupts so far: what has come is to be taken after this, not before. */
void uart_forget_interrupts(void);

/* Sends all of (text), waiting for room: for last words. */
void uart_say(const char *text);

#endif
