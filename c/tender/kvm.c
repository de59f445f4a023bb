/* SPDX-License-Identifier: MIT */
/* The virtual machine: one vCPU, one piece of memory, and the loop that serves its calls. */
#include "tender/kvm.h"

#include "abi/boot_info.h"
#include "abi/call.h"
#include "backends/linux/sys.h"
#include "lib/boot.h"
#include "lib/paging.h"
#include "tender/devices.h"
#include "tender/guest_clock.h"
#include "tender/report.h"
#include "tender/watch.h"

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1 };

static int open_device(void)
{
    const long kvm = sys_open("/dev/kvm", SYS_O_RDWR);

    if (kvm == SYS_ENOENT || kvm == SYS_ENODEV)
        fail("Could not open /dev/kvm: this kernel has no KVM, or was not started in EL2");
    if (kvm == SYS_EACCES)
        fail("Could not open /dev/kvm: Permission denied: run as root, or join the group kvm");
    if (kvm < 0)
        fail("Could not open /dev/kvm: %s", sys_error_text(kvm));
    if (sys_ioctl((int)kvm, KVM_GET_API_VERSION, NULL) != KVM_API_VERSION)
        fail("/dev/kvm: this kernel's KVM has another interface than version 12");
    return (int)kvm;
}

static long must(long result, const char *what)
{
    if (result < 0)
        fail("KVM: %s: %s", what, sys_error_text(result));
    return result;
}

static void set_register(int vcpu, enum kvm_register_low which, uint64_t value)
{
    const struct kvm_one_register one = {KVM_REGISTER_64 | which, (uintptr_t)&value};

    must(sys_ioctl(vcpu, KVM_SET_ONE_REG, &one), "setting a register");
}

uint64_t kvm_register(const struct kvm *kvm, enum kvm_register_low which)
{
    uint64_t value = 0;
    const struct kvm_one_register one = {KVM_REGISTER_64 | which, (uintptr_t)&value};

    sys_ioctl(kvm->vcpu, KVM_GET_ONE_REG, &one);
    return value;
}

static void set_registers(int vcpu, uint64_t memory_size, uint64_t entry)
{
    set_register(vcpu, KVM_PC, entry);
    set_register(vcpu, KVM_X0, HVT_BOOT_INFO_AT);
    set_register(vcpu, KVM_SP_EL1, BOOT_STACK(memory_size));
    set_register(vcpu, KVM_PSTATE, BOOT_PSTATE);
    set_register(vcpu, KVM_CPACR_EL1, BOOT_CPACR);
    set_register(vcpu, KVM_MAIR_EL1, PAGING_MAIR);
    set_register(vcpu, KVM_TCR_EL1, PAGING_TCR);
    set_register(vcpu, KVM_TTBR0_EL1, PAGING_LEVEL0_AT);
    set_register(vcpu, KVM_SCTLR_EL1, PAGING_SCTLR);
}

void kvm_open(struct kvm *kvm, const struct guest_memory *memory, const struct elf_plan *plan)
{
    const int device = open_device();
    const int vm = (int)must(sys_ioctl(device, KVM_CREATE_VM, NULL), "creating a machine");
    const struct kvm_memory_region region = {
        .guest_address = 0,
        .size = memory->size + memory->above,
        .host_address = memory->base,
    };
    struct kvm_vcpu_init init = {.target = 0};

    must(sys_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "giving memory");
    kvm->vcpu = (int)must(sys_ioctl(vm, KVM_CREATE_VCPU, NULL), "creating a vCPU");
    must(sys_ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "asking for the kind of vCPU");
    must(sys_ioctl(kvm->vcpu, KVM_ARM_VCPU_INIT, &init), "initialising the vCPU");
    kvm->run = (void *)must(
        sys_call6(SYS_MMAP, 0, sizeof(*kvm->run), PROT_READ | PROT_WRITE, MAP_SHARED, kvm->vcpu, 0),
        "mapping the vCPU");
    set_registers(kvm->vcpu, memory->size, plan->entry);
    watch_text(device, kvm->vcpu, plan);
    guest_clock_open(kvm);
    devices_map(vm, (void *)memory->base);
    if (devices_shared)
        devices_shared->machine(vm);
    sys_close(vm); /* the vCPU holds it */
    sys_close(device);
}

void kvm_allow(const struct kvm *kvm, struct filter *filter, bool exactly)
{
    const uint32_t vcpu = (uint32_t)kvm->vcpu;
    const struct filter_argument run[] = {{1, KVM_RUN, KVM_RUN}, {0, vcpu, vcpu}};

    filter_begin(filter, SYS_IOCTL, run, exactly ? 2 : 0);
    filter_allow_ioctl(filter, kvm->vcpu, kvm->vcpu, KVM_GET_ONE_REG);
    filter_allow_ioctl(filter, kvm->vcpu, kvm->vcpu, KVM_SET_GUEST_DEBUG);
}

static void fail_run(const struct kvm *kvm, long result)
{
    const unsigned long long pc = kvm_register(kvm, KVM_PC);

    if (result == SYS_EFAULT)
        fail("host/guest translation fault: pc=0x%llx", pc);
    if (result == SYS_ENOSYS)
        fail("Invalid guest mmio access: an instruction that cannot be decoded: pc=0x%llx", pc);
    fail("KVM: host/guest run failed: %s: pc=0x%llx", sys_error_text(result), pc);
}

/* Anything but a well-formed call. */
static void serve_rest(const struct kvm *kvm, const struct guest_memory *memory)
{
    const volatile struct kvm_run *run = kvm->run;
    const unsigned long long pc = kvm_register(kvm, KVM_PC);

    switch (run->exit_reason) {
    case KVM_EXIT_MMIO:
        fail("Invalid guest mmio access: address=0x%llx, %s of %u bytes: pc=0x%llx",
             (unsigned long long)run->u.mmio.address, run->u.mmio.is_write ? "store" : "load",
             run->u.mmio.size, pc);
    case KVM_EXIT_DEBUG:
        watch_hit(kvm, memory);
        return;
    case KVM_EXIT_FAIL_ENTRY:
        fail("KVM: entering the guest failed: reason 0x%llx",
             (unsigned long long)run->u.fail_entry.reason);
    case KVM_EXIT_INTERNAL_ERROR:
        fail("KVM: internal error %u: pc=0x%llx", run->u.internal.suberror, pc);
    default:
        fail("KVM: unexpected exit %u: pc=0x%llx", run->exit_reason, pc);
    }
}

static void fail_call(const struct kvm *kvm, enum call_outcome outcome, uint32_t number)
{
    if (outcome == CALL_UNKNOWN)
        fail("Invalid guest hypercall: num=%u", number);
    fail("Invalid guest access in hypercall: num=%u: pc=0x%llx", number,
         (unsigned long long)kvm_register(kvm, KVM_PC));
}

int kvm_serve(const struct kvm *kvm, struct host *host)
{
    volatile struct kvm_run *const run = kvm->run;
    const int vcpu = kvm->vcpu;

    while (!host->halted) {
        const long result = sys_ioctl(vcpu, KVM_RUN, NULL);
        if (__builtin_expect(result != 0, 0)) {
            if (result != SYS_EINTR)
                fail_run(kvm, result);
            continue;
        }
        /* The number of a call, if it is one; else above all numbers: turned by 3, an address that
         * is no multiple of 8 has a bit at its upper end. */
        const uint64_t offset = run->u.mmio.address - HVT_CALL_BASE;
        const uint64_t turned = offset >> 3 | offset << 61;
        /* One branch for everything that the exit has to be, because each call comes by here. */
        const uint64_t wrong = (run->exit_reason ^ KVM_EXIT_MMIO) | (run->u.mmio.size ^ 4) |
                               (run->u.mmio.is_write ^ 1u) | turned / (HVT_CALL_WINDOW / 8);
        if (__builtin_expect(wrong != 0, 0)) {
            serve_rest(kvm, &host->memory);
            continue;
        }
        const uint32_t number = (uint32_t)turned;
        const struct guest_addr at = {*(const volatile uint32_t *)run->u.mmio.data};
        const enum call_outcome outcome = dispatch(host, number, at);
        if (__builtin_expect(outcome != CALL_DONE, 0))
            fail_call(kvm, outcome, number);
    }
    if (devices_shared)
        devices_shared->finish();
    return host->status;
}

uint64_t kvm_counter_frequency(void)
{
    uint64_t frequency;

    __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}
