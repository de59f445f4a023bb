/* SPDX-License-Identifier: MIT */
/* Text that may be executed but not read: hardware watchpoints do what page tables cannot. */
#include "tender/watch.h"

#include "backends/linux/sys.h"
#include "lib/literal.h"
#include "tender/report.h"

#define WATCHES_MAX 16

/* DBGWCR<n>_EL1, Arm ARM D19.3: watch (1 << mask) bytes for loads of EL1. */
#define WATCH_ON         (UINT64_C(1) << 0)
#define WATCH_EL1        (UINT64_C(1) << 1)
#define WATCH_LOADS      (UINT64_C(1) << 3)
#define WATCH_ALL_BYTES  (UINT64_C(0xff) << 5)
#define WATCH_MASK(bits) ((uint64_t)(bits) << 24)
#define WATCH_BITS_MAX   31

/* Covers [start, end) with the largest aligned blocks, from below, while there are watchpoints. */
static uint32_t cover(struct kvm_guest_debug *debug, uint32_t used, uint32_t count, uint64_t start,
                      uint64_t end)
{
    while (start < end && used < count) {
        uint64_t bits = (uint64_t)__builtin_ctzll(start);
        if (bits > WATCH_BITS_MAX)
            bits = WATCH_BITS_MAX;
        while ((UINT64_C(1) << bits) > end - start)
            bits--;
        debug->watch_address[used] = start;
        debug->watch_control[used] =
            WATCH_ON | WATCH_EL1 | WATCH_LOADS | WATCH_ALL_BYTES | WATCH_MASK(bits);
        used++;
        start += UINT64_C(1) << bits;
    }
    return used;
}

void watch_text(int device, int vcpu, const struct elf_plan *plan)
{
    struct kvm_guest_debug debug = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW};
    uint32_t used = 0;
    long count = -1;

    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if ((segment->flags & (ELF_X | ELF_R)) != ELF_X)
            continue;
        if (count < 0)
            count = sys_call3(SYS_IOCTL, device, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_DEBUG_HW_WPS);
        if (count > WATCHES_MAX)
            count = WATCHES_MAX;
        if (count > 0)
            used = cover(&debug, used, (uint32_t)count, segment->start, segment->end);
    }
    if (used > 0)
        sys_ioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug);
}

/* A guest that makes one is no longer watched. */
static bool is_literal_load(const struct guest_memory *memory, uint64_t pc)
{
    const uint32_t *code = guest_in(memory, (struct guest_addr){pc}, sizeof(*code), sizeof(*code));

    return code && literal_is_load(*code);
}

void watch_hit(const struct kvm *kvm, const struct guest_memory *memory)
{
    static struct kvm_guest_debug off; /* zeros, which nobody changes */
    const uint64_t pc = kvm_register(kvm, KVM_PC);

    if (!is_literal_load(memory, pc))
        fail("host/guest translation fault: pc=0x%llx, read of execute-only memory at 0x%llx",
             (unsigned long long)pc, (unsigned long long)kvm->run->u.debug.address);
    sys_ioctl(kvm->vcpu, KVM_SET_GUEST_DEBUG, &off);
}
