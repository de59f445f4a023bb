/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core. */
#include "underlay/schedule.h"

#include "check.h"

static struct turn turns[4];
static const struct turn *const all[] = {&turns[0], &turns[1], &turns[2], &turns[3]};

static void wakes(uint64_t first, uint64_t second, uint64_t third)
{
    turns[0].wake = first;
    turns[1].wake = second;
    turns[2].wake = third;
}

static void who_can_run_runs_in_turn(void)
{
    wakes(0, 0, 0);
    for (uint32_t last = 0; last < 9; last++) {
        const struct schedule found = schedule(all, 3, last % 3, 100);
        CHECK_EQUAL(found.next, (last + 1) % 3);
        CHECK_EQUAL(found.others, 2);
        CHECK_EQUAL(found.wake, SCHEDULE_NEVER);
    }
}

static void who_waits_is_passed_over_until_its_time(void)
{
    wakes(50, 0, 70);
    struct schedule found = schedule(all, 3, 1, 49);
    CHECK_EQUAL(found.next, 1);
    CHECK_EQUAL(found.others, 0);
    CHECK_EQUAL(found.wake, 50);
    found = schedule(all, 3, 1, 50);
    CHECK_EQUAL(found.next, 0);
    CHECK_EQUAL(found.others, 1);
    CHECK_EQUAL(found.wake, 70);
}

static void nobody_runs_when_all_wait(void)
{
    wakes(90, 80, SCHEDULE_NEVER);
    struct schedule found = schedule(all, 3, 2, 10);
    CHECK_EQUAL(found.next, SCHEDULE_NOBODY);
    CHECK_EQUAL(found.wake, 80);
    wakes(SCHEDULE_NEVER, SCHEDULE_NEVER, SCHEDULE_NEVER);
    found = schedule(all, 3, 0, UINT64_MAX);
    CHECK_EQUAL(found.next, SCHEDULE_NOBODY);
    CHECK_EQUAL(found.wake, SCHEDULE_NEVER);
}

static void a_core_may_have_one_guest_or_none(void)
{
    wakes(0, 0, 0);
    CHECK_EQUAL(schedule(all, 1, 0, 1).next, 0);
    CHECK_EQUAL(schedule(all, 1, 0, 1).others, 0);
    CHECK_EQUAL(schedule(all, 0, 0, 1).next, SCHEDULE_NOBODY);
    CHECK_EQUAL(schedule(all, 0, 0, 1).wake, SCHEDULE_NEVER);
}

int main(void)
{
    who_can_run_runs_in_turn();
    who_waits_is_passed_over_until_its_time();
    nobody_runs_when_all_wait();
    a_core_may_have_one_guest_or_none();
    return 0;
}
