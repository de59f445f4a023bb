/* SPDX-License-Identifier: MIT */
#include "underlay/edges/trap.h"

#include <stdbool.h>

#include "backends/bcm2837/power.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/uart.h"
#include "lib/format.h"
#include "underlay/edges/chip.h"
#include "underlay/edges/gpio.h"
#include "underlay/edges/interrupts.h"
#include "underlay/edges/posts.h"
#include "underlay/edges/psci.h"

/* ESR_ELx (Arm ARM for Armv8-A, D13.2.37). */
#define CLASS(syndrome)      ((uint32_t)(syndrome) >> 26)
#define IS_DECODED(syndrome) (((syndrome) >> 24 & 1) != 0)
#define SIZE(syndrome)       ((uint32_t)(syndrome) >> 22 & 3)
#define REGISTER(syndrome)   ((uint32_t)(syndrome) >> 16 & 31)
#define IS_WRITE(syndrome)   (((syndrome) >> 6 & 1) != 0)

enum { HVC = 0x16, SMC = 0x17, FETCH_BELOW = 0x20, FETCH = 0x21, DATA_BELOW = 0x24, DATA = 0x25 };

#define WORD           2                   /* SIZE of 32 bits */
#define LENGTH_BIT     (UINT64_C(1) << 25) /* an instruction of 32 bits, as all of A64 */
#define EXTERNAL_ABORT UINT64_C(0x10)
#define MODE           UINT64_C(0xf)
#define USER           UINT64_C(0x0)
#define KERNEL_MODE    UINT64_C(0x3c5) /* EL1h, all interrupts masked */

#define PAGE           UINT64_C(0xfff)

static uint32_t lock;

/* Cores take turns in QEMU; who yields lets the one go on that has the lock. */
static void begin(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        __asm__ volatile("yield");
}

static void end(void)
{
    interrupts_settle();
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static uint64_t read_register(uint64_t page, uint32_t offset)
{
    return page == GPIO ? gpio_read(offset) : interrupts_read(offset);
}

static void write_register(uint64_t page, uint32_t offset, uint32_t value)
{
    if (page == CONTROLLER) {
        interrupts_write(offset, value);
        return;
    }
    gpio_write(offset, value);
    if (stimuli_begin())
        chip_wake(0);
}

static void skip_instruction(void)
{
    WRITE_REGISTER(elr_el2, READ_REGISTER(elr_el2) + 4);
}

/* An access of 32 bits to a page of registers that was taken away. */
static bool do_access(struct frame *frame, uint64_t syndrome)
{
    const uint64_t fault = READ_REGISTER(hpfar_el2) >> 4 << 12;
    const uint32_t offset = (uint32_t)(READ_REGISTER(far_el2) & PAGE);

    if ((fault != GPIO && fault != CONTROLLER) || !IS_DECODED(syndrome) || SIZE(syndrome) != WORD)
        return false;
    begin();
    if (IS_WRITE(syndrome))
        write_register(fault, offset, (uint32_t)frame->x[REGISTER(syndrome)]);
    else if (REGISTER(syndrome) < 31)
        frame->x[REGISTER(syndrome)] = read_register(fault, offset);
    end();
    skip_instruction();
    return true;
}

/* Has the guest take an external abort, as of an access that no peripheral answers (Arm ARM,
 * AArch64.TakeException). */
static void refuse(uint64_t syndrome)
{
    const uint64_t state = READ_REGISTER(spsr_el2);
    const bool by_user = (state & MODE) == USER;
    const bool is_data = CLASS(syndrome) == DATA_BELOW;
    const uint64_t kind = is_data ? (by_user ? DATA_BELOW : DATA) : (by_user ? FETCH_BELOW : FETCH);
    /* Vectors: from the same level with SP_EL0 at 0, with SP_EL1 at 0x200; from below at 0x400. */
    const uint64_t vector = by_user ? 0x400 : (state & 1) ? 0x200 : 0;

    WRITE_REGISTER(esr_el1, kind << 26 | LENGTH_BIT | EXTERNAL_ABORT);
    WRITE_REGISTER(far_el1, READ_REGISTER(far_el2));
    WRITE_REGISTER(elr_el1, READ_REGISTER(elr_el2));
    WRITE_REGISTER(spsr_el1, state);
    WRITE_REGISTER(elr_el2, READ_REGISTER(vbar_el1) + vector);
    WRITE_REGISTER(spsr_el2, KERNEL_MODE);
}

void trap_guest(struct frame *frame)
{
    const uint64_t syndrome = READ_REGISTER(esr_el2);

    switch (CLASS(syndrome)) {
    case HVC:
        frame->x[0] =
            (uint64_t)psci_call((uint32_t)frame->x[0], frame->x[1], frame->x[2], frame->x[3]);
        return;
    case DATA_BELOW:
        if (!do_access(frame, syndrome))
            refuse(syndrome);
        return;
    case FETCH_BELOW:
        refuse(syndrome);
        return;
    case SMC:
        frame->x[0] = UINT64_MAX; /* nobody is there who could be called */
        skip_instruction();
        return;
    default:
        trap_own(EXIT_TRAP);
    }
}

void trap_fiq(void)
{
    const uint32_t core = this_core();

    if (read32(CORE_FIQ_SOURCE(core)) >> SOURCE_MAILBOX_3 & 1)
        write32(CORE_MAILBOX_3_TAKE(core), UINT32_MAX);
    if (core != 0)
        return;
    begin();
    posts_take();
    stimuli_play();
    end();
}

void trap_own(uint32_t kind)
{
    char text[160];

    format_buffer(text, sizeof(text),
                  "\r\nunderlay: stopped on core %u: %u, ESR %lx at %lx, address %lx\r\n",
                  this_core(), kind, (unsigned long)READ_REGISTER(esr_el2),
                  (unsigned long)READ_REGISTER(elr_el2), (unsigned long)READ_REGISTER(far_el2));
    uart_say(text);
    power_end(false);
}
