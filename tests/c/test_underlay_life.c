/* SPDX-License-Identifier: MIT */
/* How long a guest may be silent, and whether it begins again. */
#include "underlay/life.h"

#include "check.h"

static void who_calls_in_time_goes_on(void)
{
    struct life life = {.patience = 100};

    life_sign(&life, 1000);
    CHECK(!life_is_over(&life, 1099));
    CHECK(life_is_over(&life, 1100));
    life_sign(&life, 1099);
    CHECK(!life_is_over(&life, 1198));
    CHECK_EQUAL(life.deadline, 1199);
}

static void the_others_turns_are_not_its_fault(void)
{
    struct life life = {.patience = 100};

    life_sign(&life, 1000);
    life_delay(&life, 5000);
    CHECK(!life_is_over(&life, 6099));
    CHECK(life_is_over(&life, 6100));
}

static void without_a_limit_it_may_be_silent(void)
{
    struct life life = {.patience = 0};

    life_sign(&life, 1000);
    life_delay(&life, 5000);
    CHECK_EQUAL(life.deadline, LIFE_WITHOUT_END);
    CHECK(!life_is_over(&life, UINT64_MAX));
    life.patience = UINT64_MAX - 1;
    life_sign(&life, 1000);
    CHECK(!life_is_over(&life, UINT64_MAX));
}

static void a_restart_is_for_those_that_it_is_granted_to(void)
{
    const struct {
        enum payload_restart restart;
        bool failed, again;
    } cases[] = {
        {RESTART_NEVER, true, false},     {RESTART_NEVER, false, false},
        {RESTART_ON_FAILURE, true, true}, {RESTART_ON_FAILURE, false, false},
        {RESTART_ALWAYS, true, true},     {RESTART_ALWAYS, false, true},
    };

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct life life = {.restart = cases[i].restart, .restarts_max = 1, .pause_max = 10};
        uint64_t pause = 7;
        CHECK_EQUAL(life_again(&life, cases[i].failed, &pause), cases[i].again);
        CHECK_EQUAL(life.restarts, cases[i].again);
        CHECK(!life_again(&life, cases[i].failed, &pause));
    }
}

static void each_pause_is_twice_as_long_up_to_the_longest(void)
{
    static const uint64_t pauses[] = {30, 60, 100, 100};
    struct life life = {
        .restart = RESTART_ALWAYS, .restarts_max = 4, .pause = 30, .pause_max = 100};
    uint64_t pause;

    for (uint32_t i = 0; i < 4; i++) {
        CHECK(life_again(&life, true, &pause));
        CHECK_EQUAL(pause, pauses[i]);
        CHECK_EQUAL(life.restarts, i + 1);
    }
    CHECK(!life_again(&life, true, &pause));
    life = (struct life){.restart = RESTART_ALWAYS, .restarts_max = 2, .pause_max = 100};
    CHECK(life_again(&life, false, &pause));
    CHECK_EQUAL(pause, 0);
    life.pause = UINT64_MAX;
    CHECK(life_again(&life, false, &pause));
    CHECK_EQUAL(pause, 100);
}

int main(void)
{
    who_calls_in_time_goes_on();
    the_others_turns_are_not_its_fault();
    without_a_limit_it_may_be_silent();
    a_restart_is_for_those_that_it_is_granted_to();
    each_pause_is_twice_as_long_up_to_the_longest();
    return 0;
}
