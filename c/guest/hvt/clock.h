/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, read without leaving the guest. */
#ifndef RPIKIT_GUEST_HVT_CLOCK_H
#define RPIKIT_GUEST_HVT_CLOCK_H

#include "lib/counter.h"

/* Tells the clock the counter's (frequency) in Hz, which is not 0. */
void clock_start(uint64_t frequency);

#endif
