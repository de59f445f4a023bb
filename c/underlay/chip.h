/* SPDX-License-Identifier: MIT */
/* What the underlay does with the chip itself, beyond what the guest does through it. */
#ifndef RPIKIT_UNDERLAY_CHIP_H
#define RPIKIT_UNDERLAY_CHIP_H

#include <stdbool.h>
#include <stdint.h>

/* Has the interrupt be pending that stands in for the GPIO block's (interrupts.h). */
void chip_prepare(void);
/* Ends the WFI of a core. */
void chip_wake(uint32_t core);
/* Resets the machine, or switches it off. */
__attribute__((noreturn)) void chip_end(bool boots_again);
/* Says something on the first serial port, whoever uses it. */
void chip_say(const char *text);

#endif
