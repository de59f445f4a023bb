/* SPDX-License-Identifier: MIT */
/* The filter of system calls allows what its rules say and nothing else: tried with every number
 * and many arguments, in the words Linux would run. */
#include "backends/linux/filter.c"

#include "check.h"

enum { RUN_FD = 5, FIRST_LINE = 7, LAST_LINE = 9, RUN = 0xae80, SET = 0x4010b40f };
enum { NUMBERS = 600, FDS = 12 };

/* struct seccomp_data, as 32-bit words: number, architecture, address (2), six arguments (2 each) */
struct call {
    uint32_t word[16];
};

static struct call call_of(uint32_t number, uint32_t architecture, uint32_t first, uint32_t second)
{
    return (struct call){{number, architecture, [4] = first, [6] = second}};
}

/* What Linux does with the steps: classic BPF, of which a filter uses these five. */
static uint32_t run(const struct filter *filter, const struct call *call)
{
    uint32_t value = 0;

    for (uint32_t at = 0; at < filter->size; at++) {
        const struct filter_step *step = &filter->step[at];
        switch (step->code) {
        case LOAD:
            CHECK(step->value % 4 == 0 && step->value < sizeof(*call));
            value = call->word[step->value / 4];
            break;
        case IF_EQUAL:
            at += value == step->value ? step->if_true : step->if_false;
            break;
        case IF_GREATER:
            at += value > step->value ? step->if_true : step->if_false;
            break;
        case IF_NOT_LESS:
            at += value >= step->value ? step->if_true : step->if_false;
            break;
        default:
            CHECK_EQUAL(step->code, RETURN);
            return step->value;
        }
    }
    CHECK(!"the filter ends without a word");
    return 0;
}

static void make(struct filter *filter)
{
    static const struct filter_argument runs[] = {{1, RUN, RUN}, {0, RUN_FD, RUN_FD}};
    static const struct filter_argument one[] = {{1, 1, 1}};

    filter_begin(filter, SYS_IOCTL, runs, 2);
    filter_allow_ioctl(filter, FIRST_LINE, LAST_LINE, SET);
    filter_allow_fd(filter, SYS_WRITE, 1);
    filter_allow(filter, SYS_PPOLL, one, 1);
    filter_allow_fd(filter, SYS_WRITE, 2);
    filter_allow(filter, SYS_EXIT_GROUP, NULL, 0);
    finish(filter);
    CHECK(!filter->full);
}

static bool is_run(uint32_t number, uint32_t first, uint32_t second)
{
    return number == SYS_IOCTL && first == RUN_FD && second == RUN;
}

static bool is_allowed(uint32_t number, uint32_t first, uint32_t second)
{
    if (number == SYS_IOCTL && second == SET)
        return first >= FIRST_LINE && first <= LAST_LINE;
    if (number == SYS_WRITE)
        return first == 1 || first == 2;
    if (number == SYS_PPOLL)
        return second == 1;
    return number == SYS_EXIT_GROUP || is_run(number, first, second);
}

static void try(const struct filter *filter, uint32_t number, uint32_t first, uint32_t second)
{
    const struct call call = call_of(number, ARCH_AARCH64, first, second);
    const uint32_t want = is_allowed(number, first, second) ? ALLOW : KILL_PROCESS;

    CHECK_EQUAL(run(filter, &call), want);
}

/* Numbers of calls as arguments, too: a rule must never take one for the other. */
static void allows_what_its_rules_say(const struct filter *filter)
{
    static const uint32_t seconds[] = {0, 1, 2, RUN, SET, SYS_WRITE, SYS_EXIT_GROUP, UINT32_MAX};

    for (uint32_t number = 0; number < NUMBERS; number++) {
        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
            for (uint32_t first = 0; first < FDS; first++)
                try(filter, number, first, seconds[i]);
            try(filter, number, SYS_WRITE, seconds[i]);
            try(filter, number, SYS_EXIT_GROUP, seconds[i]);
            try(filter, number, UINT32_MAX, seconds[i]);
        }
    }
    try(filter, UINT32_MAX, 0, 0);
    try(filter, UINT32_MAX - SYS_WRITE, 1, 0);
}

/* But for the first rule, whose look at it would cost at every exit of the guest. */
static void kills_another_architecture(const struct filter *filter)
{
    for (uint32_t number = 0; number < NUMBERS; number++) {
        for (uint32_t first = 0; first < FDS; first++) {
            const struct call call = call_of(number, ARCH_AARCH64 - 1, first, 1);
            CHECK_EQUAL(run(filter, &call), KILL_PROCESS);
        }
    }
}

static void says_when_it_is_full(struct filter *filter)
{
    make(filter);
    for (int i = 0; i < FILTER_MAX; i++)
        filter_allow(filter, SYS_EXIT_GROUP, NULL, 0);
    CHECK(filter->full);
    CHECK_EQUAL(filter->size, FILTER_MAX);
    CHECK_EQUAL(filter_enter(filter), SYS_ENOMEM);
}

int main(void)
{
    static struct filter filter;

    make(&filter);
    allows_what_its_rules_say(&filter);
    kills_another_architecture(&filter);
    says_when_it_is_full(&filter);
    return 0;
}
