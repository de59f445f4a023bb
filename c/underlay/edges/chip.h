/* SPDX-License-Identifier: MIT */
/* What the underlay does with the chip itself, beyond what the guest does through it. */
#ifndef RPIKIT_UNDERLAY_EDGES_CHIP_H
#define RPIKIT_UNDERLAY_EDGES_CHIP_H

#include <stdint.h>

/* Has the interrupt be pending that stands in for the GPIO block's (interrupts.h). */
void chip_prepare(void);
/* Ends the WFI of a core. */
void chip_wake(uint32_t core);

#endif
