/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, as its tender reads it. */
#include "tender/guest_clock.h"

#include "backends/linux/guest_clock.h"
#include "lib/counter.h"

static const struct kvm *machine;

static uint64_t counter(void)
{
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

/* The guest's counter is this one, less what it had counted when the machine was made. */
static uint64_t now(void)
{
    static uint64_t scale, offset;

    if (scale == 0) {
        scale = clock_scale(kvm_counter_frequency());
        offset = counter() - kvm_register(machine, KVM_TIMER_COUNT);
    }
    return clock_nanoseconds(counter() - offset, scale);
}

void guest_clock_open(const struct kvm *kvm)
{
    machine = kvm;
    guest_clock_now = now;
}
