/* SPDX-License-Identifier: MIT */
/* What the guest traps for, and the underlay's own interrupts. */
#ifndef RPIKIT_UNDERLAY_EDGES_TRAP_H
#define RPIKIT_UNDERLAY_EDGES_TRAP_H

#include "underlay/start.h"

void trap_guest(struct frame *frame);
void trap_fiq(void);
#endif
