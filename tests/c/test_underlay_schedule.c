/* SPDX-License-Identifier: MIT */
/* Whose turn it is on a core. */
#include "underlay/schedule.h"

#include <stdbool.h>

#include "check.h"

#define SLICE  1000 /* ticks */
#define ROUNDS 40000

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

static uint64_t took[4]; /* ticks of each */
static uint64_t late;    /* the longest that one which could run did not, of who waits at times */

/* Has a core of (count) guests run. Those of (sleepers) run for (awake) ticks and wait for
 * (asleep), the others compute. */
static void run(uint32_t count, uint32_t sleepers, uint64_t awake, uint64_t asleep)
{
    uint64_t now = 0, reached = 0;
    uint32_t last = 0;

    late = 0;
    for (uint32_t i = 0; i < count; i++)
        turns[i].wake = turns[i].spent = took[i] = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const struct schedule found = schedule(all, count, last, now);
        if (found.next == SCHEDULE_NOBODY) {
            now = found.wake;
            continue;
        }
        last = found.next;
        struct turn *const turn = &turns[last];
        const bool sleeps = (sleepers >> last & 1) != 0;
        uint64_t ticks = sleeps ? awake : SLICE;
        if (found.wake - now < ticks)
            ticks = sleeps ? awake : found.wake - now;
        if (sleeps && now - turn->wake > late && turn->wake > 0)
            late = now - turn->wake;
        schedule_begin(turn, &reached);
        now += ticks;
        took[last] += ticks;
        turn->wake = sleeps ? now + asleep : 0;
        schedule_end(turn, ticks, found.others == 0, &reached);
    }
}

static void weigh(uint32_t first, uint32_t second, uint32_t third)
{
    turns[0].weight = first;
    turns[1].weight = second;
    turns[2].weight = third;
}

/* Whether guest (one) had (part) of (whole) of all that was had, but for a hundredth of that. */
static bool had(uint32_t one, uint64_t part, uint64_t whole)
{
    const uint64_t all_of_it = took[0] + took[1] + took[2], its = all_of_it * part / whole;

    return took[one] * 100 >= its * 99 && took[one] * 100 <= its * 101;
}

static void those_that_compute_have_time_by_their_weights(void)
{
    weigh(1, 1, 1);
    run(3, 0, 0, 0);
    CHECK(had(0, 1, 3) && had(1, 1, 3) && had(2, 1, 3));
    weigh(1, 3, 6);
    run(3, 0, 0, 0);
    CHECK(had(0, 1, 10) && had(1, 3, 10) && had(2, 6, 10));
    weigh(100, 1, 100);
    run(3, 0, 0, 0);
    CHECK(had(0, 100, 201) && had(1, 1, 201) && had(2, 100, 201));
}

static void who_waits_has_its_turn_at_once_and_no_more_than_its_part(void)
{
    weigh(1, 100, 1);
    run(3, 1, 10, 10000); /* the first is light, and wants little */
    CHECK(took[0] > 0);
    CHECK(late <= SLICE);
    weigh(1, 1, 1);
    run(3, 1, SLICE - 1, 1); /* it wants all but a tick */
    CHECK(had(0, 1, 3) && had(1, 1, 3) && had(2, 1, 3));
}

static void what_one_did_not_want_is_not_kept_for_it(void)
{
    uint64_t reached = 0;

    weigh(1, 1, 1);
    wakes(1000000, 0, SCHEDULE_NEVER);
    turns[0].spent = turns[1].spent = 0;
    for (int i = 0; i < 1000; i++) {
        schedule_begin(&turns[1], &reached);
        schedule_end(&turns[1], SLICE, false, &reached);
    }
    CHECK_EQUAL(schedule(all, 3, 1, 1000000).next, 0);
    schedule_begin(&turns[0], &reached);
    schedule_end(&turns[0], 2 * SLICE, false, &reached);
    CHECK_EQUAL(schedule(all, 3, 0, 1000000).next, 1);
    turns[0].wake = 2000000; /* meanwhile the other one has the core to itself, in one turn */
    schedule_begin(&turns[1], &reached);
    schedule_end(&turns[1], 1000000, true, &reached);
    CHECK_EQUAL(schedule(all, 3, 1, 2000000).next, 0);
    schedule_begin(&turns[0], &reached);
    schedule_end(&turns[0], 1, false, &reached);
    CHECK_EQUAL(schedule(all, 3, 0, 2000000).next, 1);
}

static void a_turn_of_no_time_at_all_counts(void)
{
    struct turn turn = {.weight = 100};
    uint64_t reached = 0;

    schedule_end(&turn, 0, false, &reached);
    CHECK_EQUAL(turn.spent, 1);
    CHECK_EQUAL(reached, 0);
}

int main(void)
{
    who_can_run_runs_in_turn();
    who_waits_is_passed_over_until_its_time();
    nobody_runs_when_all_wait();
    a_core_may_have_one_guest_or_none();
    those_that_compute_have_time_by_their_weights();
    who_waits_has_its_turn_at_once_and_no_more_than_its_part();
    what_one_did_not_want_is_not_kept_for_it();
    a_turn_of_no_time_at_all_counts();
    return 0;
}
