/* SPDX-License-Identifier: MIT */
/* The EL2 program: it makes guests of what the build put behind it, and has the cores run them. */
#include "backends/bcm2837/power.h"
#include "backends/bcm2837/random.h"
#include "backends/bcm2837/uart.h"
#include "lib/format.h"
#include "underlay/attention.h"
#include "underlay/beside.h"
#include "underlay/console.h"
#include "underlay/core.h"
#include "underlay/end.h"
#include "underlay/layout.h"
#include "underlay/mmu.h"
#include "underlay/pins.h"
#include "underlay/start.h"
#include "underlay/watchdog.h"

extern const struct payload payload; /* of underlay.lds: where the image ends */

static struct guest guests[GUESTS_MAX] __attribute__((section(".own")));
static bool is_ready; /* the guests are made, and may run */

static void refuse(const char *wrong)
{
    if (!wrong)
        return;
    console_say("underlay: nothing to run: the payload behind the image: %s\n", wrong);
    console_flush();
    if (attention_is_awaited())
        core_await_loader();
    power_end(false);
}

static void make_guests(void)
{
    end_expect(payload.count + (payload_beside(&payload) ? 1 : 0));
    if (payload.count > 1)
        console_name_lines();
    for (uint32_t i = 0; i < payload.count; i++) {
        const char *const wrong = guest_load(&guests[i], &payload, i);
        if (!wrong) {
            core_add(&guests[i]);
            continue;
        }
        end_stop(&guests[i], "%s", wrong);
        end_for_good(&guests[i]);
    }
}

__attribute__((noreturn)) static void run(void)
{
    if (this_core() < core_first())
        beside_run();
    core_run();
}

void main_first(uint64_t x0)
{
    attention_begin(x0);
    mmu_prepare();
    start_others();
    mmu_start();
    uart_prepare();
    random_prepare();
    refuse(payload_check(&payload, LAYOUT_OWN - (uintptr_t)&payload, LAYOUT_GUESTS, LAYOUT_END));
    if (!payload_beside(&payload))
        pins_prepare(); /* else what the chip reports is Linux's */
    make_guests();
    refuse(beside_prepare(&payload));
    watchdog_begin(payload.watchdog_s, core_first());
    __atomic_store_n(&is_ready, true, __ATOMIC_RELEASE);
    for (uint32_t core = 1; core < CORES; core++)
        core_call(core);
    core_prepare();
    run();
}

void main_other(void)
{
    mmu_start();
    core_prepare();
    while (!__atomic_load_n(&is_ready, __ATOMIC_ACQUIRE))
        __asm__ volatile("wfi");
    run();
}

void trap_own(uint32_t kind)
{
    static const char *const kinds[] = {"exception", "IRQ", "FIQ", "SError"};
    char text[200];

    format_buffer(text, sizeof(text),
                  "\r\nunderlay: parked: %s on core %u: ESR 0x%lx, PC 0x%lx, address 0x%lx\r\n",
                  kinds[kind & 3], this_core(), (unsigned long)READ_REGISTER(esr_el2),
                  (unsigned long)READ_REGISTER(elr_el2), (unsigned long)READ_REGISTER(far_el2));
    uart_say(text);
    core_park();
}
