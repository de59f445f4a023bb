/* SPDX-License-Identifier: MIT */
/* The interrupt controller as the guest sees it: the chip's own, in which the GPIO block's four
 * lines take the place of one that the guest does not use. Offsets from the page of the block:
 * BCM2835 ARM Peripherals, section 7.5. */
#ifndef RPIKIT_UNDERLAY_EDGES_INTERRUPTS_H
#define RPIKIT_UNDERLAY_EDGES_INTERRUPTS_H

#include <stdint.h>

/* The guest's own accesses. */
uint32_t interrupts_read(uint32_t offset);
void interrupts_write(uint32_t offset, uint32_t value);

/* Raises or lowers the GPIO block's interrupts, as its events and what the guest enabled want it.
 */
void interrupts_settle(void);

/* Interrupt 1 of the GPU's, compare 1 of the system timer, which is pending for good; enabling it
 * is how one of the GPIO block's is raised. */
#define STANDIN (UINT32_C(1) << 1)

/* The controller's page; of chip.c, or of a test. */
uint32_t controller_read(uint32_t offset);
void controller_write(uint32_t offset, uint32_t value);

#endif
