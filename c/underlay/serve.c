/* SPDX-License-Identifier: MIT */
/* The life of a guest: it runs until it has to be left, is served, and goes on. */
#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/registers.h"
#include "backends/console.h"
#include "lib/literal.h"
#include "underlay/beside.h"
#include "underlay/console.h"
#include "underlay/core.h"
#include "underlay/end.h"
#include "underlay/guest.h"
#include "underlay/inject.h"
#include "underlay/trap.h"
#include "underlay/window.h"

#define NOBODY UINT64_MAX /* what firmware says that has no such function */

typedef unsigned long long number;

void backend_console_write(const char *data, size_t size)
{
    struct guest *const guest = core_guest();

    if (guest)
        console_take(guest, data, size);
    else
        beside_write(data, size); /* nobody else has a console */
}

/* Says whether it was a call that is well-formed and was served. */
static bool call(struct guest *guest, const struct trap *trap, uint64_t pc)
{
    const struct guest_addr at = {(uint32_t)guest->frame.x[trap->reg]};

    switch (dispatch(&guest->host, trap->number, at)) {
    case CALL_DONE:
        if (guest->life.patience > 0)
            life_sign(&guest->life, clock_ticks());
        return true;
    case CALL_UNKNOWN:
        end_stop(guest, "Invalid guest hypercall: num=%u", trap->number);
        return false;
    default:
        end_stop(guest, "Invalid guest access in hypercall: num=%u: pc=0x%llx", trap->number,
                 (number)pc);
        return false;
    }
}

/* Text that is executed and not read holds constants, too, in older guests: lets such a guest read
 * all of it, if that was what it did. */
static bool reveals(struct guest *guest, const struct trap *trap, uint64_t pc)
{
    const uint32_t *const code =
        guest_in(&guest->host.memory, (struct guest_addr){pc}, sizeof(*code), sizeof(*code));

    if (trap->is_write || !stage2_hides(&guest->plan, trap->address) || !code ||
        !literal_is_load(*code))
        return false;
    stage2_reveal(guest->tables, &guest->plan);
    __asm__ volatile("dsb ishst\n\ttlbi vmalls12e1is\n\tdsb ish\n\tisb" ::: "memory");
    return true;
}

static bool fault(struct guest *guest, const struct trap *trap, uint64_t pc)
{
    if (reveals(guest, trap, pc))
        return true;
    const bool is_hidden = !trap->is_write && stage2_hides(&guest->plan, trap->address);
    end_stop(guest, "host/guest translation fault: pc=0x%llx, %s 0x%llx", (number)pc,
             is_hidden ? "read of execute-only memory at" : "address", (number)trap->address);
    return false;
}

static void stop_silent(struct guest *guest)
{
    end_stop(guest, "no call for too long: pc=0x%llx", (number)READ_REGISTER(elr_el2));
}

/* It waits for an interrupt, and none will come. */
static bool wait_for_good(struct guest *guest)
{
    core_wait(guest->life.deadline);
    if (guest->life.deadline != LIFE_WITHOUT_END)
        stop_silent(guest);
    return guest->life.deadline == LIFE_WITHOUT_END;
}

/* An interrupt of ours: the others' turn, and what else there is. */
static bool pause(struct guest *guest)
{
    const uint64_t left = clock_ticks();

    if (life_is_over(&guest->life, left)) {
        stop_silent(guest);
        return false;
    }
    core_wait(0);
    life_delay(&guest->life, clock_ticks() - left);
    return true;
}

/* Serves what the guest was left for; false: it was stopped. */
static bool serve(struct guest *guest)
{
    const uint64_t pc = READ_REGISTER(elr_el2);
    const struct trap trap = trap_decode(READ_REGISTER(esr_el2), READ_REGISTER(far_el2),
                                         READ_REGISTER(hpfar_el2), guest->host.memory.size);

    if (trap.skips)
        WRITE_REGISTER(elr_el2, pc + 4);
    switch (trap.kind) {
    case TRAP_CALL:
        return call(guest, &trap, pc);
    case TRAP_WAIT:
        return wait_for_good(guest);
    case TRAP_FIRMWARE:
        guest->frame.x[0] = NOBODY;
        return true;
    case TRAP_REGISTER:
        inject_undefined();
        return true;
    case TRAP_OPAQUE:
        end_stop(guest,
                 "Invalid guest mmio access: an instruction that cannot be decoded: "
                 "pc=0x%llx",
                 (number)pc);
        return false;
    case TRAP_ACCESS:
        if (window_has(guest, &trap)) {
            WRITE_REGISTER(elr_el2, pc + 4);
            window_access(guest, &trap);
            if (guest->life.patience > 0)
                life_sign(&guest->life, clock_ticks());
            return true;
        }
        end_stop(guest, "Invalid guest mmio access: address=0x%llx, %s of %u bytes: pc=0x%llx",
                 (number)trap.address, trap.is_write ? "store" : "load", trap.size, (number)pc);
        return false;
    case TRAP_FETCH:
        end_stop(guest, "host/guest translation fault: pc=0x%llx, nothing to execute", (number)pc);
        return false;
    default:
        return fault(guest, &trap, pc);
    }
}

/* From its beginning to its end; whether it failed. */
static bool live(struct guest *guest)
{
    bool lives = true;

    life_sign(&guest->life, clock_ticks());
    while (lives && !guest->host.halted) {
        switch (guest_enter(&guest->frame)) {
        case EXIT_TRAP:
            lives = serve(guest);
            break;
        case EXIT_SERROR:
            end_stop(guest, "asynchronous external abort: ESR 0x%llx",
                     (number)READ_REGISTER(esr_el2));
            lives = false;
            break;
        default:
            lives = pause(guest);
        }
    }
    if (lives)
        end_exit(guest, guest->host.status);
    return !lives || (guest->host.status & 0xff) != 0;
}

void guest_live(struct guest *guest)
{
    struct life *const life = &guest->life;
    uint64_t pause;

    while (life_again(life, live(guest), &pause)) {
        core_wait(clock_ticks() + pause);
        guest_restart(guest);
        console_say("underlay: %s: restarted (%u of %u)\n", guest->name, life->restarts,
                    life->restarts_max);
    }
    end_for_good(guest);
    core_wait(SCHEDULE_NEVER);
}
