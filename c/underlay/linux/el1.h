/* SPDX-License-Identifier: MIT */
/* A core for a kernel that has the board's devices and its interrupts. */
#ifndef RPIKIT_UNDERLAY_LINUX_EL1_H
#define RPIKIT_UNDERLAY_LINUX_EL1_H

#include <stdint.h>

#include "underlay/start.h"

/* Gives this core what a kernel finds that the firmware's stub started at EL1: FIQs come to the
 * underlay, of mailbox 3 and of those of the core's timers that (timers) has in bits 4 to 7. The
 * next guest_enter() is to (entry), whose x0 is (context). */
void el1_prepare(struct frame *frame, uint32_t timers, uint64_t entry, uint64_t context);

#endif
