/* SPDX-License-Identifier: MIT */
/* What the tender gives up before the guest's first instruction. */
#ifndef RPIKIT_TENDER_SANDBOX_H
#define RPIKIT_TENDER_SANDBOX_H

#include "tender/kvm.h"

/* Closes what the caller left open, and gets the backends ready. */
void sandbox_prepare(void);

/* Drops capabilities, limits and system calls; ends the tender if that fails. */
void sandbox_enter(const struct kvm *kvm);

#endif
