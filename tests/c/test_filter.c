/* SPDX-License-Identifier: MIT */
/* The filter of system calls allows what its rules say and nothing else: tried with every number
 * and many arguments, in the words Linux would run. */
#include "backends/linux/filter.c"
#include "backends/linux/verdict.c"

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

/* What Linux does with the steps: classic BPF, of which a filter uses these six. */
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
        case SKIP:
            at += step->value;
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
    filter_finish(filter);
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

/* What is told of it is what it does: where it is told that arguments matter, both have been seen. */
static void is_told_as_it_is(struct filter *filter)
{
    static const uint32_t seconds[] = {0, 1, RUN, SET};
    const struct filter_program program = {filter->size, filter->step};

    for (uint32_t number = 0; number < NUMBERS; number++) {
        bool allows = false, refuses = false;
        for (uint32_t i = 0; i < 4 * FDS; i++) {
            const struct call call = call_of(number, ARCH_AARCH64, i / 4, seconds[i % 4]);
            const bool is_allowed_so = run(filter, &call) == ALLOW;
            allows |= is_allowed_so;
            refuses |= !is_allowed_so;
        }
        CHECK_EQUAL(filter_verdict(program, number),
                    !allows ? VERDICT_NEVER : refuses ? VERDICT_CHECKED : VERDICT_ALWAYS);
    }
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

enum { BLOCK = 512, ASKED = 0x525000, DISKS = 62 };

/* A transfer on (fd) of (size) bytes at (offset). */
static uint32_t moves(const struct filter *filter, uint32_t number, uint32_t fd, uint64_t size,
                      uint64_t offset)
{
    struct call call = call_of(number, ARCH_AARCH64, fd, 0);

    call.word[8] = (uint32_t)size;
    call.word[9] = (uint32_t)(size >> 32);
    call.word[10] = (uint32_t)offset;
    call.word[11] = (uint32_t)(offset >> 32);
    return run(filter, &call);
}

static void allows_whole_blocks_within_a_device(struct filter *filter)
{
    static const uint64_t lasts[] = {0, BLOCK, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(0x500000200)};
    enum { COUNT = sizeof(lasts) / sizeof(lasts[0]), FIRST_FD = 20 };
    static const enum sys_number numbers[] = {SYS_PREAD64, SYS_PWRITE64};
    struct filter_blocks blocks[COUNT];

    for (uint32_t i = 0; i < COUNT; i++)
        blocks[i] = (struct filter_blocks){(int)(FIRST_FD + i), BLOCK, lasts[i]};
    filter_start(filter);
    filter_allow_call(filter, ASKED);
    filter_allow_blocks(filter, blocks, COUNT);
    filter_rest(filter);
    filter_allow_fd(filter, SYS_WRITE, 1);
    filter_finish(filter);

    CHECK_EQUAL(moves(filter, ASKED, 0, 0, 0), ALLOW);
    CHECK_EQUAL(moves(filter, ASKED + 1, 0, 0, 0), KILL_PROCESS);
    CHECK_EQUAL(moves(filter, SYS_WRITE, 1, 0, 0), ALLOW);
    CHECK_EQUAL(moves(filter, SYS_WRITE, FIRST_FD, BLOCK, 0), KILL_PROCESS);
    for (uint32_t n = 0; n < 2; n++) {
        CHECK_EQUAL(moves(filter, numbers[n], FIRST_FD + COUNT, BLOCK, 0), KILL_PROCESS);
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint64_t last = lasts[i];
            const uint64_t good[] = {0, last / 2, last};
            const uint64_t bad[] = {last + 1, last + UINT32_MAX, last | UINT64_C(1) << 40,
                                    UINT64_MAX};
            for (uint32_t k = 0; k < 3; k++) {
                CHECK_EQUAL(moves(filter, numbers[n], FIRST_FD + i, BLOCK, good[k]), ALLOW);
                CHECK_EQUAL(moves(filter, numbers[n], FIRST_FD + i, BLOCK - 1, good[k]),
                            KILL_PROCESS);
                CHECK_EQUAL(moves(filter, numbers[n], FIRST_FD + i, BLOCK | UINT64_C(1) << 32,
                                  good[k]),
                            KILL_PROCESS);
            }
            for (uint32_t k = 0; k < 4; k++)
                CHECK_EQUAL(moves(filter, numbers[n], FIRST_FD + i, BLOCK, bad[k]), KILL_PROCESS);
        }
    }
}

enum { PLACED_FD = 6 };

static void make_placed(struct filter *filter, bool anywhere)
{
    static const int fds[] = {0, PLACED_FD, 0, PLACED_FD + 1, PLACED_FD + 3};

    filter_begin(filter, SYS_IOCTL, NULL, 0);
    filter->placed_anywhere = anywhere;
    filter_allow_placed(filter, SYS_PREAD64, fds, 5);
    filter_allow_placed(filter, SYS_PWRITE64, fds, 1); /* none at all */
    filter_allow_fd(filter, SYS_WRITE, 1);
    filter_finish(filter);
    filter->placed_anywhere = false;
}

static void allows_a_place_in_what_was_granted(struct filter *filter)
{
    static const bool granted[FDS] = {
        [PLACED_FD] = true, [PLACED_FD + 1] = true, [PLACED_FD + 3] = true};

    make_placed(filter, false);
    for (uint32_t fd = 0; fd < FDS; fd++) {
        CHECK_EQUAL(moves(filter, SYS_PREAD64, fd, BLOCK, 0), granted[fd] ? ALLOW : KILL_PROCESS);
        CHECK_EQUAL(moves(filter, SYS_PWRITE64, fd, BLOCK, 0), KILL_PROCESS);
    }
}

/* As Linux does to find what it need not run the filter for: no rule looks at an argument. */
static void need_not_look_where_all_else_refuses_a_place(struct filter *filter)
{
    const struct call call = call_of(SYS_PREAD64, ARCH_AARCH64, 0, 0);

    make_placed(filter, true);
    CHECK_EQUAL(filter_verdict((struct filter_program){filter->size, filter->step}, SYS_PREAD64),
                VERDICT_ALWAYS);
    for (uint32_t fd = 0; fd < FDS; fd++) {
        CHECK_EQUAL(moves(filter, SYS_PREAD64, fd, BLOCK, 0), ALLOW);
        CHECK_EQUAL(moves(filter, SYS_PWRITE64, fd, BLOCK, 0), KILL_PROCESS);
    }
    for (uint32_t at = 0; filter->step[at].code != RETURN || filter->step[at].value != ALLOW; at++)
        CHECK(filter->step[at].code != LOAD || filter->step[at].value < ARGUMENTS_AT);
    CHECK_EQUAL(run(filter, &call), ALLOW);
}

/* As many as a manifest can have beside a network. */
static void has_room_for_every_disk(struct filter *filter)
{
    struct filter_blocks blocks[DISKS];

    for (int i = 0; i < DISKS; i++)
        blocks[i] = (struct filter_blocks){3 + i, BLOCK, BLOCK};
    filter_start(filter);
    filter_allow_blocks(filter, blocks, DISKS);
    filter_rest(filter);
    const struct filter_program program = filter_finish(filter);
    CHECK(program.step != NULL);
    CHECK_EQUAL(filter_verdict(program, SYS_PREAD64), VERDICT_CHECKED);
    CHECK_EQUAL(filter_verdict(program, SYS_PREAD64 + 7), VERDICT_NEVER);
    CHECK_EQUAL(moves(filter, SYS_PREAD64, 3 + DISKS - 1, BLOCK, BLOCK), ALLOW);
    CHECK_EQUAL(moves(filter, SYS_PREAD64, 3 + DISKS, BLOCK, BLOCK), KILL_PROCESS);
}

static void says_when_it_is_full(struct filter *filter)
{
    make(filter);
    for (int i = 0; i < FILTER_MAX; i++)
        filter_allow(filter, SYS_EXIT_GROUP, NULL, 0);
    CHECK(filter->full);
    CHECK_EQUAL(filter->size, FILTER_MAX);
    CHECK_EQUAL(filter_enter(filter_finish(filter)), SYS_ENOMEM);
}

int main(void)
{
    static struct filter filter;

    make(&filter);
    allows_what_its_rules_say(&filter);
    kills_another_architecture(&filter);
    is_told_as_it_is(&filter);
    allows_whole_blocks_within_a_device(&filter);
    allows_a_place_in_what_was_granted(&filter);
    need_not_look_where_all_else_refuses_a_place(&filter);
    has_room_for_every_disk(&filter);
    says_when_it_is_full(&filter);
    return 0;
}
