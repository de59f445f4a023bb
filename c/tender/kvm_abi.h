/* SPDX-License-Identifier: MIT */
/* The part of Linux's KVM interface the tender uses, for arm64. */
#ifndef RPIKIT_TENDER_KVM_ABI_H
#define RPIKIT_TENDER_KVM_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Requests: Documentation/virt/kvm/api.rst and include/uapi/linux/kvm.h of Linux. */
#define KVM_GET_API_VERSION        0xae00u
#define KVM_CREATE_VM              0xae01u
#define KVM_CHECK_EXTENSION        0xae03u
#define KVM_CREATE_VCPU            0xae41u
#define KVM_SET_USER_MEMORY_REGION 0x4020ae46u
#define KVM_RUN                    0xae80u
#define KVM_IOEVENTFD              0x4040ae79u
#define KVM_SET_GUEST_DEBUG        0x4208ae9bu
#define KVM_GET_ONE_REG            0x4010aeabu
#define KVM_SET_ONE_REG            0x4010aeacu
#define KVM_ARM_VCPU_INIT          0x4020aeaeu
#define KVM_ARM_PREFERRED_TARGET   0x8020aeafu

#define KVM_API_VERSION            12
#define KVM_CAP_GUEST_DEBUG_HW_WPS 120

enum kvm_exit {
    KVM_EXIT_DEBUG = 4,
    KVM_EXIT_MMIO = 6,
    KVM_EXIT_FAIL_ENTRY = 9,
    KVM_EXIT_INTERNAL_ERROR = 17,
};

/* The start of what a vCPU's descriptor maps. */
struct kvm_run {
    uint8_t request_interrupt_window, immediate_exit, padding[6];
    uint32_t exit_reason;
    uint8_t more[20];
    union {
        struct {
            uint64_t address;
            uint8_t data[8];
            uint32_t size; /* bytes */
            uint8_t is_write;
        } mmio;
        struct {
            uint64_t reason;
            uint32_t cpu;
        } fail_entry;
        struct {
            uint32_t suberror;
        } internal;
        struct {
            uint32_t syndrome, syndrome_high; /* ESR_EL2 */
            uint64_t address;                 /* FAR_EL2 */
        } debug;
    } u;
};

_Static_assert(offsetof(struct kvm_run, exit_reason) == 8, "KVM API 12");
_Static_assert(offsetof(struct kvm_run, u.mmio.address) == 0x20, "KVM API 12");
_Static_assert(offsetof(struct kvm_run, u.mmio.data) == 0x28, "KVM API 12");
_Static_assert(offsetof(struct kvm_run, u.mmio.size) == 0x30, "KVM API 12");
_Static_assert(offsetof(struct kvm_run, u.mmio.is_write) == 0x34, "KVM API 12");

struct kvm_memory_region {
    uint32_t slot, flags;
    uint64_t guest_address, size, host_address;
};

/* A descriptor that is rung when the guest stores (size) bytes at (address). */
struct kvm_ioeventfd {
    uint64_t match, address;
    uint32_t size;
    int32_t fd;
    uint32_t flags;
    uint8_t padding[36];
};

struct kvm_vcpu_init {
    uint32_t target, features[7];
};

struct kvm_one_register {
    uint64_t id;
    uint64_t at; /* host address of the value */
};

_Static_assert(sizeof(struct kvm_memory_region) == (KVM_SET_USER_MEMORY_REGION >> 16 & 0x3fff),
               "KVM API 12");
_Static_assert(sizeof(struct kvm_ioeventfd) == (KVM_IOEVENTFD >> 16 & 0x3fff), "KVM API 12");
_Static_assert(sizeof(struct kvm_vcpu_init) == (KVM_ARM_VCPU_INIT >> 16 & 0x3fff), "KVM API 12");
_Static_assert(sizeof(struct kvm_one_register) == (KVM_SET_ONE_REG >> 16 & 0x3fff), "KVM API 12");

/* Hardware breakpoints and watchpoints: control and address of each. */
struct kvm_guest_debug {
    uint32_t control, padding;
    uint64_t break_control[16], break_address[16];
    uint64_t watch_control[16], watch_address[16];
};

_Static_assert(sizeof(struct kvm_guest_debug) == (KVM_SET_GUEST_DEBUG >> 16 & 0x3fff),
               "KVM API 12");

enum {
    KVM_GUESTDBG_ENABLE = 1 << 0,
    KVM_GUESTDBG_USE_HW = 1 << 17,
};

/* Registers: api.rst, KVM_SET_ONE_REG; the system registers by op0, op1, CRn, CRm, op2. */
enum kvm_register_low {
    KVM_X0 = 0x100000,
    KVM_PC = 0x100040,
    KVM_PSTATE = 0x100042,
    KVM_SP_EL1 = 0x100044,
    KVM_SCTLR_EL1 = 0x13c080,
    KVM_CPACR_EL1 = 0x13c082,
    KVM_TTBR0_EL1 = 0x13c100,
    KVM_TCR_EL1 = 0x13c102,
    KVM_MAIR_EL1 = 0x13c510,
    KVM_TIMER_COUNT = 0x13df1a, /* the virtual counter */
};

#define KVM_REGISTER_64 UINT64_C(0x6030000000000000) /* of an arm64 vCPU, 64 bits wide */

#endif
