/* SPDX-License-Identifier: MIT */
/* How guests end, and the machine with the last of them. */
#ifndef RPIKIT_UNDERLAY_END_H
#define RPIKIT_UNDERLAY_END_H

#include <stdint.h>

#include "underlay/guest.h"

/* So many guests begin. */
void end_expect(uint32_t guests);

/* Tells that (guest) ended by itself, with (status), and takes its lines back. */
void end_exit(struct guest *guest, int32_t status);
/* Tells that (guest) was stopped, and why: format.h. Its status is 1, as a tender's. Its lines are
 * taken back. */
void end_stop(struct guest *guest, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* (guest), which has ended, does not begin again. */
void end_for_good(struct guest *guest);

/* The Linux beside them has ended, and does not begin again. */
void end_beside(void);

/* Switches the machine off when all guests have ended, unless the loader is awaited; not in a
 * guest's turn. */
void end_if_all_have(void);

#endif
