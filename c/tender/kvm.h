/* SPDX-License-Identifier: MIT */
/* The virtual machine: one vCPU, one piece of memory, and the loop that serves its calls. */
#ifndef RPIKIT_TENDER_KVM_H
#define RPIKIT_TENDER_KVM_H

#include <stdint.h>

#include "backends/linux/filter.h"
#include "dispatch/host.h"
#include "lib/elf.h"
#include "tender/kvm_abi.h"

struct kvm {
    int vcpu;
    volatile struct kvm_run *run;
};

/* Makes the machine around (memory), to start as (plan) says; ends the tender if it cannot. */
void kvm_open(struct kvm *kvm, const struct guest_memory *memory, const struct elf_plan *plan);

/* Starts the filter with what kvm_serve() does; (exactly) that, or any ioctl, which is faster: the
 * kernel then answers KVM_RUN from a bitmap and does not run the filter. */
void kvm_allow(const struct kvm *kvm, struct filter *filter, bool exactly);

/* Runs the guest until it halts, and returns its status; ends the tender if it goes wrong. */
int kvm_serve(const struct kvm *kvm, struct host *host);

/* A register of the guest. */
uint64_t kvm_register(const struct kvm *kvm, enum kvm_register_low which);

/* The frequency of the guest's counter in Hz. */
uint64_t kvm_counter_frequency(void);

#endif
