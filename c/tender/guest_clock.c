/* SPDX-License-Identifier: MIT */
/* The monotonic clock of an hvt guest, as its tender reads it. */
#include "tender/guest_clock.h"

#include "backends/linux/guest_clock.h"
#include "backends/linux/sealed.h"
#include "lib/counter.h"

#define LOOKS 5

static const struct kvm *machine SEALED;

static uint64_t counter(void)
{
    uint64_t ticks;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

/* What this counter has counted more than the guest's. Whatever happens between two looks makes it
 * too large: what is dated by it is then too old, but never in the guest's future. The least of a
 * few is near the truth. */
static uint64_t find_offset(void)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < LOOKS; i++) {
        const uint64_t guest = kvm_register(machine, KVM_TIMER_COUNT);
        const uint64_t offset = counter() - guest;
        least = offset < least ? offset : least;
    }
    return least;
}

static uint64_t now(void)
{
    static uint64_t scale, offset;

    if (scale == 0) {
        scale = clock_scale(kvm_counter_frequency());
        offset = find_offset();
    }
    return clock_nanoseconds(counter() - offset, scale);
}

void guest_clock_open(const struct kvm *kvm)
{
    machine = kvm;
    guest_clock_now = now;
}
