/* SPDX-License-Identifier: MIT */
/* What KVM itself costs: a guest of a few instructions stores to nowhere, and nobody looks.
 *
 *   kvm          prints "exit N"
 *   kvm filter   prints "exit_filtered N": the same under a filter of system calls
 *   kvm VALUE    prints "exit_files N": at each exit the sysfs file VALUE is opened, written, closed
 *   kvm once     prints an empty line at the first exit, and ends
 */
#include "probe.h"
#include "tender/kvm_abi.h"

#define MEMORY_SIZE 0x200000
#define CODE_AT     0x100000
#define PSTATE      0x3c5 /* EL1h, interrupts masked */

enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE_ANONYMOUS = 0x22 };

extern const char guest_code[], guest_code_end[]; /* guest.S */

static void set_register(int vcpu, enum kvm_register_low which, uint64_t value)
{
    const struct kvm_one_register one = {KVM_REGISTER_64 | which, (uintptr_t)&value};

    probe_must(sys_ioctl(vcpu, KVM_SET_ONE_REG, &one), "KVM_SET_ONE_REG");
}

static void *map(long size, long flags, int fd)
{
    const long at = sys_call6(SYS_MMAP, 0, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    return (void *)probe_must(at, "mmap"); /* addresses of a process are below 2^48 */
}

static bool is(const char *word, const char *name)
{
    return word && strcmp(word, name) == 0;
}

/* The least of all rounds, in nanoseconds per store. An exit with an 8-byte store is the result of
 * a round. */
static uint64_t run(int vcpu, const volatile struct kvm_run *state, const char *path)
{
    uint64_t least = UINT64_MAX;
    bool high = false;

    for (unsigned int rounds = 0; rounds < PROBE_ROUNDS;) {
        probe_must(sys_ioctl(vcpu, KVM_RUN, NULL), "KVM_RUN");
        if (state->u.mmio.size != 8) {
            if (path)
                probe_write_file(path, high = !high);
            continue;
        }
        const uint64_t took = *(const volatile uint64_t *)state->u.mmio.data;
        least = took < least ? took : least;
        rounds++;
    }
    return least;
}

void start(uint64_t *stack)
{
    const char *word = stack[0] > 1 ? (const char *)stack[2] : NULL;
    const int kvm = (int)probe_must(sys_open("/dev/kvm", SYS_O_RDWR), "/dev/kvm");
    const int vm = (int)probe_must(sys_ioctl(kvm, KVM_CREATE_VM, NULL), "KVM_CREATE_VM");
    char *memory = map(MEMORY_SIZE, MAP_PRIVATE_ANONYMOUS, -1);
    const struct kvm_memory_region region = {
        .size = MEMORY_SIZE,
        .host_address = (uintptr_t)memory,
    };
    struct kvm_vcpu_init init = {.target = 0};

    memcpy(memory + CODE_AT, guest_code, (size_t)(guest_code_end - guest_code));
    probe_must(sys_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "giving memory");
    const int vcpu = (int)probe_must(sys_ioctl(vm, KVM_CREATE_VCPU, NULL), "KVM_CREATE_VCPU");
    probe_must(sys_ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
    probe_must(sys_ioctl(vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
    const volatile struct kvm_run *state = map(sizeof(*state), MAP_SHARED, vcpu);
    set_register(vcpu, KVM_PC, CODE_AT);
    set_register(vcpu, KVM_PSTATE, PSTATE);
    if (is(word, "once")) {
        probe_must(sys_ioctl(vcpu, KVM_RUN, NULL), "KVM_RUN");
        probe_print("\n");
        probe_leave(0);
    }
    if (is(word, "filter")) {
        probe_filter();
        probe_result("exit_filtered", run(vcpu, state, NULL));
        probe_leave(0);
    }
    probe_result(word ? "exit_files" : "exit", run(vcpu, state, word));
    probe_leave(0);
}
