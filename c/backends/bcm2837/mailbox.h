/* SPDX-License-Identifier: MIT */
/* What the firmware on the GPU knows: its properties, by tag
 * (github.com/raspberrypi/firmware/wiki/Mailbox-property-interface). */
#ifndef RPIKIT_BACKENDS_BCM2837_MAILBOX_H
#define RPIKIT_BACKENDS_BCM2837_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#define MAILBOX_VALUES 8 /* words of a property, at most */

/* Tags: what is asked, and what is answered. */
enum mailbox_tag {
    MAILBOX_BOARD_REVISION = 0x00010002, /* nothing; one word */
    MAILBOX_SERIAL_NUMBER = 0x00010004,  /* nothing; two words, the lower one first */
    MAILBOX_CLOCK_RATE = 0x00030002,     /* enum mailbox_clock; the same, Hz */
    MAILBOX_SET_CLOCK_RATE = 0x00038002, /* the same, Hz, 0; the same, Hz that it has now */
};

enum mailbox_clock {
    MAILBOX_CLOCK_EMMC = 1,
    MAILBOX_CLOCK_UART = 2,
    MAILBOX_CLOCK_CORE = 4,
};

/* Asks for a property with the (count) words of (values), at most MAILBOX_VALUES, and puts the
 * answer there. Waits for 100 ms at most; false: the firmware does not know, or is silent. For one
 * core at a time. */
bool mailbox_ask(enum mailbox_tag tag, uint32_t *values, uint32_t count);

/* The rate of (clock), Hz; 0 if the firmware does not say. */
uint32_t mailbox_clock_rate(enum mailbox_clock clock);

/* Has (clock) be at (hz), and returns what rate it has then; 0 if the firmware does not say. */
uint32_t mailbox_set_clock_rate(enum mailbox_clock clock, uint32_t hz);

#endif
