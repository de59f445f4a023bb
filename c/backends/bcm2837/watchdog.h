/* SPDX-License-Identifier: MIT */
/* The chip's watchdog, which resets the board when it is not fed. */
#ifndef RPIKIT_BACKENDS_BCM2837_WATCHDOG_H
#define RPIKIT_BACKENDS_BCM2837_WATCHDOG_H

#include <stdint.h>

#define WATCHDOG_SECONDS_MAX 15 /* its counter has 20 bits, of 2^-16 s each */

/* Has it reset the board in (seconds), 1 to WATCHDOG_SECONDS_MAX, and not before. QEMU resets its
 * board at once. */
void watchdog_feed(uint32_t seconds);

/* Its registers: where they are on the chip, or where a test has some. */
extern volatile uint32_t *watchdog_registers;

#endif
