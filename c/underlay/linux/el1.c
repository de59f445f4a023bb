/* SPDX-License-Identifier: MIT */
/* A core for a kernel that has the board's devices and its interrupts. */
#include "underlay/linux/el1.h"

#include "backends/bcm2837/registers.h"

/* HCR_EL2: the guest is AArch64, in stage 2; its SMCs and all FIQs come here, IRQs do not. */
#define GUEST                                                                                      \
    (UINT64_C(1) << 31 | UINT64_C(1) << 19 | UINT64_C(1) << 3 | UINT64_C(1) << 1 | UINT64_C(1))

#define EL1_WITHOUT_MMU UINT64_C(0x30d00800) /* SCTLR_EL1: only what must be one */
#define EL1_MASKED      UINT64_C(0x3c5)      /* SPSR_EL2: EL1h, all interrupts masked */
#define NOTHING_TRAPPED UINT64_C(0x33ff)     /* CPTR_EL2: only what must be one */

void el1_prepare(struct frame *frame, uint32_t timers, uint64_t entry, uint64_t context)
{
    const uint32_t core = this_core();

    *frame = (struct frame){.x = {context}};
    WRITE_REGISTER(hcr_el2, GUEST);
    WRITE_REGISTER(cnthctl_el2, 3); /* both of the guest's timers are its own, and off */
    WRITE_REGISTER(cntv_ctl_el0, 0);
    WRITE_REGISTER(cntp_ctl_el0, 0);
    WRITE_REGISTER(cntvoff_el2, 0);
    WRITE_REGISTER(cptr_el2, NOTHING_TRAPPED);
    WRITE_REGISTER(hstr_el2, 0);
    WRITE_REGISTER(mdcr_el2, READ_REGISTER(pmcr_el0) >> 11 & 31); /* all counters are the guest's */
    WRITE_REGISTER(vpidr_el2, READ_REGISTER(midr_el1));
    WRITE_REGISTER(vmpidr_el2, READ_REGISTER(mpidr_el1));
    WRITE_REGISTER(sctlr_el1, EL1_WITHOUT_MMU);
    WRITE_REGISTER(spsr_el2, EL1_MASKED);
    WRITE_REGISTER(elr_el2, entry);
    write32(CORE_TIMERS(core), timers);
    write32(CORE_MAILBOXES(core), UINT32_C(1) << (4 + MAILBOX_3));
    barrier();
}
