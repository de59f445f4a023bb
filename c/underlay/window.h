/* SPDX-License-Identifier: MIT */
/* The lines that a guest was granted as a virtio device, for whoever has a driver for that. */
#ifndef RPIKIT_UNDERLAY_WINDOW_H
#define RPIKIT_UNDERLAY_WINDOW_H

#include <stdbool.h>

#include "underlay/guest.h"
#include "underlay/trap.h"

/* Opens the window of (guest), whose lines were granted, in its memory and tables. */
void window_open(struct guest *guest);

/* Whether (trap), a TRAP_ACCESS, is one to the window of (guest). */
bool window_has(const struct guest *guest, const struct trap *trap);

/* Does what such an instruction does. */
void window_access(struct guest *guest, const struct trap *trap);

#endif
