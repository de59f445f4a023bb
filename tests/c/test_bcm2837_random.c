/* SPDX-License-Identifier: MIT */
/* The generator of random numbers: how it is begun, and one that gives none. */
#include "backends/bcm2837/random.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/wait.h"
#include "check.h"

enum { CONTROL = 0, STATUS, DATA, MASK = 4, WORDS };

static volatile uint32_t registers[WORDS];
static uint64_t now; /* ns */
static uint32_t waits, ready_after;

uint64_t clock_ticks(void)
{
    return now += 10;
}

uint64_t clock_ticks_of(uint64_t ns)
{
    return ns;
}

void wait_aside(uint64_t ticks)
{
    CHECK(ticks > now);
    now = ticks;
    if (++waits == ready_after)
        registers[STATUS] = 1u << 24;
}

static void it_begins_once(void)
{
    registers[MASK] = 6;
    random_prepare();
    CHECK_EQUAL(registers[MASK], 7);
    CHECK_EQUAL(registers[CONTROL], 1);
    CHECK_EQUAL(registers[STATUS], 0x40000);
    registers[STATUS] = 0x12345;
    random_prepare();
    CHECK_EQUAL(registers[STATUS], 0x12345);
}

static void its_numbers_are_waited_for(void)
{
    registers[DATA] = 0x89abcdef;
    ready_after = 5;
    CHECK_EQUAL(random_number(), 0x89abcdef89abcdef);
    CHECK_EQUAL(waits, 5);
    CHECK_EQUAL(random_number(), 0x89abcdef89abcdef);
    CHECK_EQUAL(waits, 5);
}

static void one_that_gives_none_is_waited_for_once(void)
{
    const uint64_t begun = now;

    registers[STATUS] = 0x40000;
    CHECK_EQUAL(random_number(), 0);
    CHECK(now - begun > UINT64_C(1000000000) && now - begun < UINT64_C(1001000000));
    waits = 0;
    CHECK_EQUAL(random_number(), 0);
    CHECK_EQUAL(waits, 0);
    registers[STATUS] = 2u << 24; /* it was only slow */
    CHECK_EQUAL(random_number(), 0x89abcdef89abcdef);
}

int main(void)
{
    random_registers = registers;
    it_begins_once();
    its_numbers_are_waited_for();
    one_that_gives_none_is_waited_for_once();
    return 0;
}
