/* SPDX-License-Identifier: MIT */
/* A core and its guests, which take turns. */
#include "underlay/core.h"

#include <stdbool.h>
#include <stddef.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/uart.h"
#include "backends/bcm2837/wait.h"
#include "underlay/attention.h"
#include "underlay/beside.h"
#include "underlay/console.h"
#include "underlay/end.h"
#include "underlay/pins.h"
#include "underlay/watchdog.h"

#define STACK 0x4000
#define SLICE UINT64_C(1000000) /* ns */

/* HCR_EL2: the guest is AArch64, in stage 2; its WFIs, WFEs, SMCs, own registers of the core and
 * all interrupts come here; it cannot throw away what is in caches. */
#define GUEST                                                                                      \
    (UINT64_C(1) << 31 | UINT64_C(1) << 21 | UINT64_C(1) << 20 | UINT64_C(1) << 19 |               \
     UINT64_C(1) << 13 | UINT64_C(7) << 3 | UINT64_C(1) << 1 | UINT64_C(1))
#define NOTHING_TRAPPED UINT64_C(0x33ff) /* CPTR_EL2: only what must be one */
#define COUNTER_ONLY    UINT64_C(1)      /* CNTHCTL_EL2: a guest reads the counter, no more */
/* MDCR_EL2: debugging and counting events is not for guests. */
#define NO_DEBUGGING                                                                               \
    (UINT64_C(1) << 11 | UINT64_C(1) << 10 | UINT64_C(1) << 9 | UINT64_C(1) << 6 | UINT64_C(1) << 5)

struct core {
    struct guest *guests[GUESTS_MAX];
    const struct turn *turns[GUESTS_MAX];
    uint32_t count, last;
    uint64_t reached;      /* schedule_begin() */
    struct guest *current; /* whose turn it is */
    struct guest *loaded;  /* whose registers are in the core */
    void *stack;           /* this core's own, in a guest's turn */
};

static struct core cores[CORES];
static bool is_parked; /* something is wrong with the underlay itself */
static uint8_t stacks[GUESTS_MAX][STACK] __attribute__((section(".own.stacks"), aligned(4096)));

void stack_switch(void **from, void *to);
void stack_begin(void);

void *core_stack(uint64_t number)
{
    return stacks[number];
}

void core_add(struct guest *guest)
{
    struct core *const core = &cores[guest->core];
    uint64_t *const top = (uint64_t *)(stacks[guest->number] + STACK) - KEPT;

    top[0] = (uint64_t)(uintptr_t)guest_live;
    top[1] = (uint64_t)(uintptr_t)guest;
    top[10] = 0; /* x29: no frame above */
    top[11] = (uint64_t)(uintptr_t)stack_begin;
    guest->stack = top;
    core->turns[core->count] = &guest->turn;
    core->guests[core->count++] = guest;
}

struct guest *core_guest(void)
{
    return cores[this_core()].current;
}

void core_wait(uint64_t wake)
{
    struct core *const core = &cores[this_core()];
    struct guest *const guest = core->current;

    guest->turn.wake = wake;
    stack_switch(&guest->stack, core->stack);
}

void wait_until(uint64_t ticks)
{
    struct guest *const guest = core_guest();

    guest->polls = true;
    core_wait(ticks);
    guest->polls = false;
}

uint32_t core_first(void)
{
    return beside_cores();
}

void wait_aside(uint64_t ticks)
{
    if (core_guest())
        core_wait(ticks);
}

void core_call(uint32_t core)
{
    write32(CORE_MAILBOX_3_SET(core), 1);
}

void core_wake(uint64_t lines)
{
    for (uint32_t number = 0; number < CORES; number++) {
        const struct core *const core = &cores[number];
        for (uint32_t i = 0; i < core->count; i++) {
            if (!(core->guests[i]->gpio.watched & lines))
                continue;
            __atomic_store_n(&core->guests[i]->is_woken, true, __ATOMIC_RELEASE);
            core_call(number);
        }
    }
}

void core_prepare(void)
{
    const uint32_t core = this_core();

    WRITE_REGISTER(vtcr_el2, STAGE2_CONTROL);
    WRITE_REGISTER(hcr_el2, GUEST);
    WRITE_REGISTER(cptr_el2, NOTHING_TRAPPED);
    WRITE_REGISTER(hstr_el2, 0);
    WRITE_REGISTER(cnthctl_el2, COUNTER_ONLY);
    WRITE_REGISTER(mdcr_el2, NO_DEBUGGING | (READ_REGISTER(pmcr_el0) >> 11 & 31));
    WRITE_REGISTER(vpidr_el2, READ_REGISTER(midr_el1));
    WRITE_REGISTER(vmpidr_el2, UINT64_C(1) << 31); /* the only core there is */
    barrier();
    __asm__ volatile("tlbi alle1" ::: "memory");
    barrier();
    write32(CORE_TIMERS(core), UINT32_C(1) << (4 + PHYSICAL_TIMER));
    write32(CORE_MAILBOXES(core), UINT32_C(1) << (4 + MAILBOX_3));
}

/* Has a FIQ come when the counter is at (wake), and no earlier one. */
static void set_timer(uint64_t wake)
{
    WRITE_REGISTER(cntp_cval_el0, wake);
    WRITE_REGISTER(cntp_ctl_el0, wake != SCHEDULE_NEVER);
    __asm__ volatile("isb" ::: "memory");
}

void core_await_loader(void)
{
    uart_say("underlay: the loader comes when it is called\r\n");
    write32(CORE_TIMERS(this_core()), UINT32_C(1) << (4 + PHYSICAL_TIMER));
    for (;;) {
        set_timer(attention_look(clock_ticks()));
        __asm__ volatile("dsb sy\n\twfi" ::: "memory");
    }
}

__attribute__((noreturn)) static void sleep_for_good(void)
{
    set_timer(SCHEDULE_NEVER);
    write32(CORE_MAILBOXES(this_core()), 0);
    if (this_core() == core_first() && attention_is_awaited())
        core_await_loader();
    for (;;)
        __asm__ volatile("wfi");
}

void core_park(void)
{
    __atomic_store_n(&is_parked, true, __ATOMIC_RELEASE);
    for (uint32_t core = 0; core < CORES; core++) {
        if (core != this_core())
            core_call(core);
    }
    sleep_for_good();
}

void core_answer(void)
{
    const uint32_t number = this_core();

    if (read32(CORE_FIQ_SOURCE(number)) >> SOURCE_MAILBOX_3 & 1)
        write32(CORE_MAILBOX_3_TAKE(number), UINT32_MAX);
    if (__atomic_load_n(&is_parked, __ATOMIC_ACQUIRE))
        sleep_for_good();
}

static void take_calls(uint32_t number)
{
    struct core *const core = &cores[number];

    core_answer();
    for (uint32_t i = 0; i < core->count; i++) {
        struct guest *const guest = core->guests[i];
        if (__atomic_exchange_n(&guest->is_woken, false, __ATOMIC_ACQ_REL) && guest->polls)
            guest->turn.wake = 0;
    }
}

/* The turn of (guest), which began at (now); it may be the only one that could have one. */
static void turn(struct core *core, struct guest *guest, uint64_t now, bool is_alone)
{
    schedule_begin(&guest->turn, &core->reached);
    if (core->loaded != guest) {
        if (core->loaded)
            context_save(&core->loaded->context);
        guest_use(guest);
        core->loaded = guest;
    }
    core->current = guest;
    stack_switch(&core->stack, guest->stack);
    core->current = NULL;
    schedule_end(&guest->turn, clock_ticks() - now, is_alone, &core->reached);
}

static uint64_t earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* What the first core looks after for all, at (now); returns when it has to look again. */
static uint64_t look_around(uint32_t core, uint64_t now)
{
    return core == core_first() ? earlier(pins_look(now), attention_look(now)) : SCHEDULE_NEVER;
}

void core_run(void)
{
    const uint32_t number = this_core();
    struct core *const core = &cores[number];
    const uint64_t slice = clock_ticks_of(SLICE);

    for (;;) {
        const uint64_t now = clock_ticks();
        const uint64_t look = look_around(number, now);
        take_calls(number);
        const struct schedule found = schedule(core->turns, core->count, core->last, now);
        uint64_t wake = earlier(earlier(found.wake, look), watchdog_pass(number, now));
        if (found.others > 0 || console_send())
            wake = earlier(wake, now + slice);
        else if (found.next == SCHEDULE_NOBODY)
            end_if_all_have();
        if (found.next != SCHEDULE_NOBODY)
            wake = earlier(wake, core->guests[found.next]->life.deadline);
        set_timer(wake);
        if (found.next == SCHEDULE_NOBODY) {
            __asm__ volatile("dsb sy\n\twfi" ::: "memory");
            continue;
        }
        core->last = found.next;
        turn(core, core->guests[found.next], now, found.others == 0);
    }
}
