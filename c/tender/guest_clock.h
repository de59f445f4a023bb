/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, as its tender reads it. */
#ifndef RPIKIT_TENDER_GUEST_CLOCK_H
#define RPIKIT_TENDER_GUEST_CLOCK_H

#include "tender/kvm.h"

/* Lets devices date what happens on the clock of the guest of (kvm). Before the sandbox. */
void guest_clock_open(const struct kvm *kvm);

#endif
