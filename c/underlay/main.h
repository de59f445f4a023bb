/* SPDX-License-Identifier: MIT */
/* Between the first instructions (start.S) and the rest. */
#ifndef RPIKIT_UNDERLAY_MAIN_H
#define RPIKIT_UNDERLAY_MAIN_H

#include <stdint.h>

/* Prepares the machine and core 0; returns where its guest begins. */
uint64_t main_first(void);
/* Prepares another core and waits until it is wanted; returns where it begins, and in (context)
 * what it finds in x0. */
uint64_t main_other(uint64_t *context);

/* Lets the other cores leave the firmware's stub; of start.S. */
void start_others(void);

#endif
