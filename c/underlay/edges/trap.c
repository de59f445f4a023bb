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
#include "underlay/inject.h"
#include "underlay/linux/psci.h"
#include "underlay/trap.h"

#define PAGE UINT64_C(0xfff)
#define NONE 31 /* the register that is none */

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
static bool do_access(struct frame *frame, const struct trap *trap)
{
    const uint64_t page = trap->address & ~PAGE;
    const uint32_t offset = (uint32_t)(trap->address & PAGE);

    if ((page != GPIO && page != CONTROLLER) || trap->size != 4)
        return false;
    begin();
    if (trap->is_write)
        write_register(page, offset, (uint32_t)frame->x[trap->reg]);
    else if (trap->reg != NONE)
        frame->x[trap->reg] = read_register(page, offset);
    end();
    skip_instruction();
    return true;
}

/* A call to the firmware; by SMC nobody is there. */
static void call(struct frame *frame, bool is_smc)
{
    if (is_smc) {
        frame->x[0] = UINT64_MAX;
        skip_instruction();
        return;
    }
    frame->x[0] = (uint64_t)psci_call((uint32_t)frame->x[0], frame->x[1], frame->x[2], frame->x[3]);
}

void trap_guest(struct frame *frame)
{
    const uint64_t syndrome = READ_REGISTER(esr_el2);
    const struct trap trap =
        trap_decode(syndrome, READ_REGISTER(far_el2), READ_REGISTER(hpfar_el2), 0);

    switch (trap.kind) {
    case TRAP_FIRMWARE:
        call(frame, trap.skips);
        return;
    case TRAP_ACCESS:
        if (!do_access(frame, &trap))
            inject_abort(syndrome);
        return;
    case TRAP_CALL:
    case TRAP_OPAQUE:
    case TRAP_FAULT:
    case TRAP_FETCH:
        inject_abort(syndrome);
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
