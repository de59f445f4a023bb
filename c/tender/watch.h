/* SPDX-License-Identifier: MIT */
/* Text that may be executed but not read: hardware watchpoints do what page tables cannot. */
#ifndef RPIKIT_TENDER_WATCH_H
#define RPIKIT_TENDER_WATCH_H

#include "dispatch/guest_memory.h"
#include "lib/elf.h"
#include "tender/kvm.h"

/* Makes loads from segments of (plan) that are executable but not readable leave the guest, as far
 * as the processor has watchpoints. (device) is /dev/kvm. */
void watch_text(int device, int vcpu, const struct elf_plan *plan);

/* Ends the tender because of such a load, the last exit's; returns if the guest may go on. */
void watch_hit(const struct kvm *kvm, const struct guest_memory *memory);

#endif
