/* SPDX-License-Identifier: MIT */
/* Registers of the BCM2837 and of its cores: only those that we touch. */
#ifndef RPIKIT_BACKENDS_BCM2837_REGISTERS_H
#define RPIKIT_BACKENDS_BCM2837_REGISTERS_H

#include <stdint.h>

#define PERIPHERALS     UINT64_C(0x3f000000)
#define SYSTEM_TIMER    (PERIPHERALS + 0x003000) /* BCM2835 ARM Peripherals, section 12.1 */
#define CONTROLLER      (PERIPHERALS + 0x00b000) /* interrupts, 7.5; other blocks are on the page */
#define MAILBOXES       (PERIPHERALS + 0x00b880) /* Linux bcm2835-mailbox.c */
#define WATCHDOG        (PERIPHERALS + 0x100000) /* Linux bcm2835_wdt.c */
#define RANDOM          (PERIPHERALS + 0x104000) /* Linux bcm2835-rng.c */
#define GPIO            (PERIPHERALS + 0x200000) /* 6.1 */
#define UART            (PERIPHERALS + 0x201000) /* PL011, 13.4 */
#define AUX             (PERIPHERALS + 0x215000) /* the mini-UART, 2.1 */
#define EMMC            (PERIPHERALS + 0x300000) /* 5 */
#define LOCAL           UINT64_C(0x40000000)     /* BCM2836 ARM-local peripherals (QA7_rev3.4), 4 */

#define TIMER_CONTROL   (SYSTEM_TIMER + 0x00) /* CS, system timer control and status */
#define TIMER_COUNTER   (SYSTEM_TIMER + 0x04) /* CLO, its lower 32 bits, microseconds */
#define TIMER_COMPARE_1 (SYSTEM_TIMER + 0x10) /* C1 */

#define FIQ_CONTROL     (CONTROLLER + 0x20c) /* the GPU's interrupt that is a FIQ; 7.5 */

#define IRQS_ENABLE_2   (CONTROLLER + 0x214) /* of the GPU's interrupts 32 to 63; 7.5 */
#define IRQS_DISABLE_2  (CONTROLLER + 0x220)
#define UART_INTERRUPT  (UINT32_C(1) << (57 - 32))

#define MAILBOX_READ    (MAILBOXES + 0x00) /* from the GPU */
#define MAILBOX_STATUS  (MAILBOXES + 0x18)
#define MAILBOX_WRITE   (MAILBOXES + 0x20) /* to the GPU */
#define MAILBOX_FULL    (MAILBOXES + 0x38) /* its status */

#define RESET_CONTROL   (WATCHDOG + 0x1c) /* PM_RSTC */
#define RESET_STATUS    (WATCHDOG + 0x20) /* PM_RSTS: where the firmware boots from */
#define WATCHDOG_TICKS  (WATCHDOG + 0x24) /* PM_WDOG */

#define GPU_ROUTING     (LOCAL + 0x0c) /* which core has the GPU's IRQ and FIQ */

/* Of core n; 4.6, 4.7, 4.10. In the control registers bits 4 to 7 make a FIQ of what bits 0 to 3
 * make an IRQ of. */
#define CORE_TIMERS(n)         (LOCAL + 0x40 + 4 * (uint64_t)(n))
#define CORE_MAILBOXES(n)      (LOCAL + 0x50 + 4 * (uint64_t)(n))
#define CORE_FIQ_SOURCE(n)     (LOCAL + 0x70 + 4 * (uint64_t)(n))
#define CORE_MAILBOX_3_SET(n)  (LOCAL + 0x8c + 16 * (uint64_t)(n))
#define CORE_MAILBOX_3_TAKE(n) (LOCAL + 0xcc + 16 * (uint64_t)(n))

#define PHYSICAL_TIMER         1 /* CNTP among a core's timers, and in its FIQ source */
#define HYPERVISOR_TIMER       2 /* CNTHP */
#define MAILBOX_3              3 /* among a core's mailboxes */
#define SOURCE_MAILBOX_3       7 /* in its FIQ source */

static inline uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)address = value;
}

#define READ_REGISTER(name)                                                                        \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory");                               \
        value_;                                                                                    \
    })
#define WRITE_REGISTER(name, value)                                                                \
    __asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

static inline void barrier(void)
{
    __asm__ volatile("dsb sy\n\tisb" ::: "memory");
}

#endif
