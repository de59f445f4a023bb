/* SPDX-License-Identifier: MIT */
/* The chip's generator of random numbers (Linux bcm2835-rng.c). */
#include "backends/bcm2837/random.h"

#include <stdbool.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/wait.h"

enum { CONTROL = 0x00 / 4, STATUS = 0x04 / 4, DATA = 0x08 / 4, MASK = 0x10 / 4 };

#define ON         UINT32_C(1)       /* CONTROL */
#define NO_SIGNAL  UINT32_C(1)       /* MASK: no interrupts */
#define WARM_UP    UINT32_C(0x40000) /* STATUS: so many are thrown away; its highest 8 bits: ready */
#define READY(now) ((now) >> 24)
#define PATIENCE   UINT64_C(1000000000) /* ns */
#define STEP       UINT64_C(100000)

volatile uint32_t *random_registers = (volatile uint32_t *)RANDOM;

static bool is_silent;

void random_prepare(void)
{
    random_registers[MASK] |= NO_SIGNAL;
    if (random_registers[CONTROL] & ON)
        return; /* the firmware had it begin */
    random_registers[STATUS] = WARM_UP;
    random_registers[CONTROL] |= ON;
}

static bool word(uint32_t *value)
{
    const uint64_t end = clock_ticks() + clock_ticks_of(PATIENCE);

    for (;;) {
        const uint64_t now = clock_ticks();
        if (READY(random_registers[STATUS]) > 0) {
            *value = random_registers[DATA];
            return true;
        }
        if (now >= end || __atomic_load_n(&is_silent, __ATOMIC_RELAXED)) {
            __atomic_store_n(&is_silent, true, __ATOMIC_RELAXED);
            return false;
        }
        wait_aside(now + clock_ticks_of(STEP));
    }
}

uint64_t random_number(void)
{
    uint32_t low, high;

    return word(&low) && word(&high) ? (uint64_t)high << 32 | low : 0;
}
