/* SPDX-License-Identifier: MIT */
/* The board's devices between one kernel and the next. */
#include "underlay/linux/devices.h"

#include "backends/bcm2837/registers.h"
#include "underlay/start.h"

#define DMA(n)        (PERIPHERALS + 0x007000 + 0x100 * (uint64_t)(n)) /* its CS; 4.2.1 */
#define DMA_CHANNELS  15
#define DMA_RESET     (UINT32_C(1) << 31)
#define USB           (PERIPHERALS + 0x980000) /* Linux dwc2/hw.h */
#define USB_BUS       (USB + 0x08)             /* GAHBCFG: transfers by itself, interrupts */
#define USB_RESET     (USB + 0x10)             /* GRSTCTL */
#define USB_CORE      UINT32_C(1)
#define USB_WANTED    (USB + 0x18)  /* GINTMSK */
#define USB_PORT      (USB + 0x440) /* HPRT0, its power */
#define DISABLE_1     (CONTROLLER + 0x21c) /* 7.5; the next ones are of 32 to 63, and basic */
#define DISABLES      3
#define TIMER_3       (UINT32_C(1) << 3) /* TIMER_CONTROL: the compare that Linux uses */
#define OWN_MAILBOXES 3

void devices_quiet(void)
{
    for (uint32_t i = 0; i < DISABLES; i++)
        write32(DISABLE_1 + 4 * i, UINT32_MAX);
    for (uint32_t channel = 0; channel < DMA_CHANNELS; channel++)
        write32(DMA(channel), DMA_RESET);
    write32(USB_BUS, 0);
    write32(USB_WANTED, 0);
    write32(USB_PORT, 0);
    write32(USB_RESET, USB_CORE);
    write32(TIMER_CONTROL, TIMER_3);
}

void devices_quiet_core(void)
{
    const uint32_t core = this_core();

    WRITE_REGISTER(cntv_ctl_el0, 0);
    WRITE_REGISTER(cntp_ctl_el0, 0);
    write32(CORE_TIMERS(core), 0);
    write32(CORE_MAILBOXES(core), UINT32_C(1) << (4 + MAILBOX_3));
    for (uint32_t i = 1; i <= OWN_MAILBOXES; i++) /* 2, 1 and 0 */
        write32(CORE_MAILBOX_3_TAKE(core) - 4 * i, UINT32_MAX);
}
