/* SPDX-License-Identifier: MIT */
/* The GPIO block as a Linux sees it that has some of the lines: those are the chip's own, in each
 * register. Of the others it sees inputs that are low, and what it writes for them goes nowhere. */
#ifndef RPIKIT_UNDERLAY_LINUX_LINES_H
#define RPIKIT_UNDERLAY_LINUX_LINES_H

#include <stdint.h>

/* It has (lines), bit n for line n. */
void lines_give(uint64_t lines);

/* Its own accesses, of 32 bits: BCM2835 ARM Peripherals, table 6-1. What is no register loads 0. */
uint32_t lines_load(uint32_t offset);
void lines_store(uint32_t offset, uint32_t value);

/* It has ended: what it drove are inputs again. */
void lines_take_back(void);

#endif
