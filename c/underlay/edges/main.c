/* SPDX-License-Identifier: MIT */
/* The EL2 program: a Linux of its own beneath which it supplies what QEMU's GPIO block lacks. */
#include "backends/bcm2837/power.h"
#include "backends/bcm2837/registers.h"
#include "underlay/edges/chip.h"
#include "underlay/edges/layout.h"
#include "underlay/edges/trap.h"
#include "underlay/linux/el1.h"
#include "underlay/linux/identity.h"
#include "underlay/linux/psci.h"
#include "underlay/start.h"

/* The guest's life on this core, from (entry) with (context) in x0. */
__attribute__((noreturn)) static void run(uint64_t entry, uint64_t context)
{
    struct frame frame;

    identity_use(0);
    el1_prepare(&frame, UINT32_C(1) << (4 + HYPERVISOR_TIMER), entry, context);
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

void psci_wake(uint32_t core)
{
    chip_wake(core);
}

void psci_end(bool boots_again)
{
    power_end(boots_again);
}

void main_first(uint64_t device_tree)
{
    chip_prepare();
    identity_prepare(RESERVED, PERIPHERALS);
    identity_hide(GPIO);
    identity_hide(CONTROLLER);
    psci_begin(CORES);
    start_others();
    run(KERNEL, device_tree);
}

void main_other(void)
{
    uint64_t entry, context;

    write32(CORE_MAILBOXES(this_core()), UINT32_C(1) << (4 + MAILBOX_3));
    while (!psci_is_wanted(&entry, &context))
        __asm__ volatile("wfi");
    run(entry, context);
}
