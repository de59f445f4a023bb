/* SPDX-License-Identifier: MIT */
/* The GPIO block as the guest sees it: the chip's own, with the event registers it lacks in QEMU.
 * Offsets are those of BCM2835 ARM Peripherals, table 6-1. Bit n of 64 is line n. */
#ifndef RPIKIT_UNDERLAY_EDGES_GPIO_H
#define RPIKIT_UNDERLAY_EDGES_GPIO_H

#include <stdint.h>

/* The guest's own accesses. A level that it sets for a line which is no output yet stays in the
 * latch until the line is one, as on the chip; QEMU would move the pin. */
uint32_t gpio_read(uint32_t offset);
void gpio_write(uint32_t offset, uint32_t value);

/* Somebody outside writes (value) to GPSETn or GPCLRn; lines that the guest drives do not move.
 * Every change of a level is an edge that stays detected until the guest clears it, however soon
 * the next one follows. */
void gpio_outside(uint32_t offset, uint32_t value);

/* Lines with an event that the guest has not cleared. */
uint64_t gpio_detected(void);
/* Lines of which the guest wants any event. */
uint64_t gpio_wanted(void);

/* The chip's registers; of chip.c, or of a test. */
uint32_t chip_read(uint32_t offset);
void chip_write(uint32_t offset, uint32_t value);

#endif
