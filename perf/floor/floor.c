/* SPDX-License-Identifier: MIT */
/* What KVM itself costs: a guest of a few instructions stores to nowhere, and nobody looks. */
#include "backends/linux/sys.h"
#include "tender/kvm_abi.h"

#define MEMORY_SIZE 0x200000
#define CODE_AT 0x100000
#define ROUNDS 20
#define PSTATE 0x3c5 /* EL1h, interrupts masked */

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE_ANONYMOUS = 0x22 };

extern const char guest_code[], guest_code_end[]; /* guest.S */

void start(void) __attribute__((noreturn));

static void __attribute__((noreturn)) leave(int status)
{
    for (;;)
        sys_call3(SYS_EXIT_GROUP, status, 0, 0);
}

static long must(long result)
{
    if (result < 0)
        leave(1);
    return result;
}

static void set_register(int vcpu, enum kvm_register_low which, uint64_t value)
{
    const struct kvm_one_register one = {KVM_REGISTER_64 | which, (uintptr_t)&value};

    must(sys_ioctl(vcpu, KVM_SET_ONE_REG, &one));
}

static long map(long size, long flags, int fd)
{
    return must(sys_call6(SYS_MMAP, 0, size, PROT_READ | PROT_WRITE, flags, fd, 0));
}

/* Prints nanoseconds per store, as the guest's own counter tells it. */
static void print(uint64_t ns)
{
    char text[24], *at = text + sizeof(text);

    *--at = '\n';
    do
        *--at = (char)('0' + ns % 10);
    while (ns /= 10);
    sys_write(1, at, (size_t)(text + sizeof(text) - at));
}

/* The least of all rounds, in nanoseconds per store: a timer's tick only ever adds. An exit with an
 * 8-byte store is the result of a round. */
static uint64_t run(int vcpu, const volatile struct kvm_run *state)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int rounds = 0; rounds < ROUNDS;) {
        must(sys_ioctl(vcpu, KVM_RUN, NULL));
        if (state->u.mmio.size != 8)
            continue;
        const uint64_t took = *(const volatile uint64_t *)state->u.mmio.data;
        least = took < least ? took : least;
        rounds++;
    }
    return least;
}

void start(void)
{
    const int kvm = (int)must(sys_open("/dev/kvm", SYS_O_RDWR));
    const int vm = (int)must(sys_ioctl(kvm, KVM_CREATE_VM, NULL));
    char *memory = (char *)map(MEMORY_SIZE, MAP_PRIVATE_ANONYMOUS, -1);
    const struct kvm_memory_region region = {
        .size = MEMORY_SIZE,
        .host_address = (uintptr_t)memory,
    };
    struct kvm_vcpu_init init = {.target = 0};

    for (const char *from = guest_code; from < guest_code_end; from++)
        memory[CODE_AT + (from - guest_code)] = *from;
    must(sys_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
    const int vcpu = (int)must(sys_ioctl(vm, KVM_CREATE_VCPU, NULL));
    must(sys_ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init));
    must(sys_ioctl(vcpu, KVM_ARM_VCPU_INIT, &init));
    const volatile struct kvm_run *state =
        (const volatile struct kvm_run *)map(sizeof(*state), MAP_SHARED, vcpu);
    set_register(vcpu, KVM_PC, CODE_AT);
    set_register(vcpu, KVM_PSTATE, PSTATE);
    print(run(vcpu, state));
    leave(0);
}
