/* SPDX-License-Identifier: MIT */
/* Linux beside the guests: its cores are its own, and so are the board's devices but for those of
 * the underlay. When it ends it leaves its cores one by one, and begins again on the first. */
#include "underlay/beside.h"

#include "backends/bcm2837/registers.h"
#include "lib/string.h"
#include "underlay/console.h"
#include "underlay/core.h"
#include "underlay/end.h"
#include "underlay/inject.h"
#include "underlay/linux/devices.h"
#include "underlay/linux/el1.h"
#include "underlay/linux/hvc.h"
#include "underlay/linux/identity.h"
#include "underlay/linux/lines.h"
#include "underlay/linux/psci.h"
#include "underlay/memory.h"
#include "underlay/trap.h"

#define NAME   (GUESTS_MAX + 1) /* in the TLB; guests are 1 to GUESTS_MAX */
#define OFFSET UINT64_C(0xfff)
#define NONE   31 /* the register that is none */
#define NOBODY UINT64_MAX

enum ending { GOES_ON, ENDS, BEGINS_AGAIN };

static const struct payload_linux *entry;
static uint32_t ending; /* enum ending */
static uint32_t inside; /* cores that are in it, or about to be */
static uint32_t restarts;

const char *beside_prepare(const struct payload *payload)
{
    entry = payload_beside(payload);
    if (!entry)
        return NULL;
    identity_prepare(entry->memory_at, entry->memory_at + entry->memory_size);
    identity_hide(GPIO);
    identity_hide(UART);
    identity_hide(WATCHDOG);
    lines_give(entry->lines & ~guest_lines_given());
    hvc_prepare(entry->memory_at, entry->memory_size);
    return NULL;
}

uint32_t beside_cores(void)
{
    return entry ? entry->cores : 0;
}

void psci_wake(uint32_t core)
{
    core_call(core);
}

void psci_end(bool boots_again)
{
    uint32_t none = GOES_ON;

    __atomic_compare_exchange_n(&ending, &none, boots_again ? BEGINS_AGAIN : ENDS, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    for (uint32_t core = 0; core < entry->cores; core++)
        core_call(core);
}

static bool goes_on(void)
{
    return __atomic_load_n(&ending, __ATOMIC_SEQ_CST) == GOES_ON;
}

/* An access to a page of registers that was taken away. The serial port's has the console. */
static bool do_access(struct frame *frame, const struct trap *trap)
{
    const uint64_t page = trap->address & ~OFFSET;
    const uint32_t offset = (uint32_t)(trap->address & OFFSET);
    const uint32_t value = (uint32_t)frame->x[trap->reg];
    uint64_t loaded = 0;

    if (page == GPIO && trap->size == 4) {
        if (trap->is_write)
            lines_store(offset, value);
        else
            loaded = lines_load(offset);
    } else if (page == UART && offset < VIRTIO_WINDOW) {
        if (trap->is_write)
            hvc_store(offset, trap->size, value);
        else
            loaded = hvc_load(offset, trap->size);
    } else {
        return false;
    }
    if (!trap->is_write && trap->reg != NONE)
        frame->x[trap->reg] = loaded;
    return true;
}

static void call(struct frame *frame, bool is_smc)
{
    frame->x[0] =
        is_smc ? NOBODY
               : (uint64_t)psci_call((uint32_t)frame->x[0], frame->x[1], frame->x[2], frame->x[3]);
}

static void serve(struct frame *frame)
{
    const uint64_t syndrome = READ_REGISTER(esr_el2);
    const struct trap trap =
        trap_decode(syndrome, READ_REGISTER(far_el2), READ_REGISTER(hpfar_el2), 0);

    if (trap.skips)
        WRITE_REGISTER(elr_el2, READ_REGISTER(elr_el2) + 4);
    switch (trap.kind) {
    case TRAP_FIRMWARE:
        call(frame, trap.skips);
        return;
    case TRAP_ACCESS:
        if (do_access(frame, &trap))
            WRITE_REGISTER(elr_el2, READ_REGISTER(elr_el2) + 4);
        else
            inject_abort(syndrome);
        return;
    case TRAP_WAIT:
        return;
    case TRAP_REGISTER:
        inject_undefined();
        return;
    default:
        inject_abort(syndrome);
    }
}

static void live(uint64_t at, uint64_t context)
{
    struct frame frame;

    identity_use(NAME);
    el1_prepare(&frame, 0, at, context);
    while (goes_on()) {
        switch (guest_enter(&frame)) {
        case EXIT_TRAP:
            serve(&frame);
            break;
        case EXIT_FIQ:
            core_answer();
            break;
        default: /* IRQs and errors are its own */
            trap_own(EXIT_IRQ);
        }
    }
    devices_quiet_core();
}

static void rest(void)
{
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
    core_answer();
}

/* Lives as often as this core is wanted, which is not the first. */
__attribute__((noreturn)) static void follow(void)
{
    for (;;) {
        uint64_t at, context;
        __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        if (goes_on() && psci_is_wanted(&at, &context))
            live(at, context);
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        if (!goes_on())
            core_call(0);
        rest();
    }
}

static void place(const struct payload_file *file)
{
    memcpy((void *)(uintptr_t)file->to, (const void *)(uintptr_t)file->at, file->size);
    memory_publish((void *)(uintptr_t)file->to, file->size);
}

/* On the first core: waits until the others have left, and says what it was. */
static void finish(void)
{
    while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST) > 0)
        rest();
    devices_quiet();
    hvc_forget();
    lines_take_back();
    if (ending == ENDS) {
        console_say("underlay: linux: switched off\n");
        end_beside();
        for (;;)
            rest();
    }
    restarts++;
    console_say("underlay: linux: begins again (%u)\n", restarts);
}

void beside_run(void)
{
    devices_quiet_core();
    if (this_core() > 0)
        follow();
    for (;;) {
        place(&entry->kernel);
        place(&entry->device_tree);
        place(&entry->initramfs);
        psci_begin(entry->cores);
        __atomic_store_n(&ending, GOES_ON, __ATOMIC_SEQ_CST);
        live(entry->kernel.to, entry->device_tree.to);
        finish();
    }
}
