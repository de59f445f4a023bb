/* SPDX-License-Identifier: MIT */
/* The chip's watchdog: what is written to it, and that one core which hangs lets it bite. */
#include "underlay/watchdog.h"

#include <stdbool.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/watchdog.h"
#include "check.h"

enum { CONTROL = 0x1c / 4, LEFT = 0x24 / 4, WORDS = 0x28 / 4 };

static volatile uint32_t registers[WORDS];

uint64_t clock_ticks_of(uint64_t ns)
{
    return ns / 1000;
}

/* Whether it was fed since the last time. */
static bool was_fed(void)
{
    const bool fed = registers[LEFT] != 0;

    registers[LEFT] = 0;
    return fed;
}

static void it_is_off_unless_granted(void)
{
    watchdog_begin(0, 0);
    for (uint32_t core = 0; core < 4; core++)
        CHECK_EQUAL(watchdog_pass(core, 5), UINT64_MAX);
    CHECK_EQUAL(registers[CONTROL], 0);
    CHECK(!was_fed());
}

static void feeding_leaves_what_else_is_in_its_register(void)
{
    registers[CONTROL] = 0x00000112; /* another end, and bits that are not ours */
    watchdog_feed(15);
    CHECK_EQUAL(registers[CONTROL], 0x5a000122);
    CHECK_EQUAL(registers[LEFT], 0x5a0f0000);
    registers[LEFT] = 0;
}

static void it_is_fed_when_all_cores_have_come_by(void)
{
    watchdog_begin(2, 0);
    CHECK(was_fed());
    for (uint32_t round = 0; round < 3; round++) {
        CHECK_EQUAL(watchdog_pass(2, 1000), 1000 + 500000); /* a quarter of it */
        watchdog_pass(0, 1000);
        watchdog_pass(1, 1000);
        watchdog_pass(2, 1001);
        CHECK(!was_fed());
        watchdog_pass(3, 1000);
        CHECK(was_fed());
    }
}

static void cores_that_have_something_else_to_do_are_not_waited_for(void)
{
    watchdog_begin(2, 3);
    CHECK(was_fed());
    for (uint32_t round = 0; round < 3; round++) {
        watchdog_pass(3, 1000);
        CHECK(was_fed());
    }
}

static void a_core_that_hangs_has_it_starve(void)
{
    watchdog_begin(1, 0);
    CHECK(was_fed());
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t core = 0; core < 4; core++) {
            if (core != 1)
                watchdog_pass(core, round);
        }
    }
    CHECK(!was_fed());
}

int main(void)
{
    watchdog_registers = registers;
    it_is_off_unless_granted();
    feeding_leaves_what_else_is_in_its_register();
    it_is_fed_when_all_cores_have_come_by();
    cores_that_have_something_else_to_do_are_not_waited_for();
    a_core_that_hangs_has_it_starve();
    return 0;
}
