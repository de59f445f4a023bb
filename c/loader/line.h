/* SPDX-License-Identifier: MIT */
/* The serial line: what came waits here. */
#ifndef RPIKIT_LOADER_LINE_H
#define RPIKIT_LOADER_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins to listen, at LOADER_BAUD of a clock at (hz). */
void line_begin(uint32_t hz);
/* Leaves the port and all interrupts as it found them, when all was sent. */
void line_end(void);

/* Whether what comes is taken by interrupts: while nobody takes it otherwise. */
void line_by_interrupts(bool on);

/* Takes the (byte) that came first, if one came. */
bool line_take(uint8_t *byte);
/* Sends (size) bytes. */
void line_send(const void *bytes, size_t size);
/* Changes the rate of both ways, when all was sent. */
void line_change(uint32_t baud);

/* Sleeps until a byte comes, or the counter (clock.h) is at (ticks); not by interrupts. */
void line_sleep(uint64_t ticks);

/* An interrupt came. */
void line_interrupt(void);

#endif
