/* SPDX-License-Identifier: MIT */
/* The EL2 program: a Linux of its own beneath which it supplies what QEMU's GPIO block lacks. */
#include "backends/bcm2837/registers.h"
#include "underlay/edges/chip.h"
#include "underlay/edges/layout.h"
#include "underlay/edges/psci.h"
#include "underlay/edges/stage2.h"
#include "underlay/edges/trap.h"
#include "underlay/start.h"

/* HCR_EL2: the guest is AArch64, in stage 2; its SMCs and all FIQs come here, IRQs do not. */
#define GUEST                                                                                      \
    (UINT64_C(1) << 31 | UINT64_C(1) << 19 | UINT64_C(1) << 3 | UINT64_C(1) << 1 | UINT64_C(1))

#define EL1_WITHOUT_MMU UINT64_C(0x30d00800) /* SCTLR_EL1: only what must be one */
#define EL1_MASKED      UINT64_C(0x3c5)      /* SPSR_EL2: EL1h, all interrupts masked */
#define NOTHING_TRAPPED UINT64_C(0x33ff)     /* CPTR_EL2: only what must be one */

/* What a guest finds that the firmware's stub started at EL1. */
static void prepare_core(uint32_t core)
{
    stage2_use();
    WRITE_REGISTER(hcr_el2, GUEST);
    WRITE_REGISTER(cnthctl_el2, 3); /* both of the guest's timers are its own */
    WRITE_REGISTER(cntvoff_el2, 0);
    WRITE_REGISTER(cptr_el2, NOTHING_TRAPPED);
    WRITE_REGISTER(hstr_el2, 0);
    WRITE_REGISTER(mdcr_el2, READ_REGISTER(pmcr_el0) >> 11 & 31); /* all counters are the guest's */
    WRITE_REGISTER(vpidr_el2, READ_REGISTER(midr_el1));
    WRITE_REGISTER(vmpidr_el2, READ_REGISTER(mpidr_el1));
    WRITE_REGISTER(sctlr_el1, EL1_WITHOUT_MMU);
    WRITE_REGISTER(spsr_el2, EL1_MASKED);
    write32(CORE_TIMERS(core), UINT32_C(1) << (4 + HYPERVISOR_TIMER));
    write32(CORE_MAILBOXES(core), UINT32_C(1) << (4 + MAILBOX_3));
}

/* The guest's life on this core, from (entry) with (context) in x0. */
__attribute__((noreturn)) static void run(uint64_t entry, uint64_t context)
{
    struct frame frame = {.x = {context}};

    WRITE_REGISTER(elr_el2, entry);
    for (;;) {
        switch (guest_enter(&frame)) {
        case EXIT_TRAP:
            trap_guest(&frame);
            break;
        case EXIT_FIQ:
            trap_fiq();
            break;
        default: /* IRQs are the guest's own */
            trap_own(EXIT_IRQ);
        }
    }
}

void main_first(uint64_t device_tree)
{
    chip_prepare();
    stage2_prepare();
    start_others();
    prepare_core(0);
    run(KERNEL, device_tree);
}

void main_other(void)
{
    uint64_t context;

    prepare_core(this_core());
    const uint64_t entry = psci_wait(&context);
    run(entry, context);
}
