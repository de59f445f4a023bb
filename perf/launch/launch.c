/* SPDX-License-Identifier: MIT */
/* What a start costs: from before the fork to the first byte that the program says.
 *
 *   launch ROUNDS PROGRAM [WORDS...]   prints "start N", the median, and "peak N": KiB resident
 *   launch idle PROGRAM [WORDS...]     prints what is resident while it does nothing, from
 *                                      /proc/PID/smaps_rollup
 *   launch turns PROGRAM [WORDS...]    becomes the program, whose processes run one after another,
 *                                      each until it waits: the scheduler's fairness stays out
 */
#include "probe.h"

#define ROUNDS_MAX  99
#define SCHED_FIFO  1
#define SIGNAL_CHLD 17
#define SIGNAL_KILL 9
#define WARM_UP     2         /* rounds: the first machine of a boot pays once, for a grace period */
#define SETTLE_NS   200000000 /* of the board's time, until a program waits */

static uint64_t took[ROUNDS_MAX];

struct usage {
    uint64_t times[4];
    uint64_t peak; /* resident, KiB: ru_maxrss */
    uint64_t rest[13];
};

struct child {
    long pid;
    int said; /* read end of its standard output */
};

static struct child begin(char **words, char **environment)
{
    int ends[2];

    probe_must(sys_call3((enum sys_number)PROBE_PIPE2, (long)(uintptr_t)ends, SYS_O_CLOEXEC, 0),
               "pipe");
    const long pid =
        probe_must(sys_call6((enum sys_number)PROBE_CLONE, SIGNAL_CHLD, 0, 0, 0, 0, 0), "fork");
    if (pid == 0) {
        sys_call3((enum sys_number)PROBE_DUP3, ends[1], 1, 0);
        sys_call3((enum sys_number)PROBE_EXECVE, (long)(uintptr_t)words[0], (long)(uintptr_t)words,
                  (long)(uintptr_t)environment);
        probe_leave(127);
    }
    sys_close(ends[1]);
    return (struct child){pid, ends[0]};
}

static void wait_for_byte(const struct child *child)
{
    char byte;

    probe_must(sys_read(child->said, &byte, 1) - 1, "the program ended without a byte");
}

/* Returns the KiB that were resident at most; a program that fails ends this one. */
static uint64_t end(const struct child *child, bool may_fail)
{
    struct usage usage = {.peak = 0};
    char rest[256];
    int status = 0;

    while (sys_read(child->said, rest, sizeof(rest)) > 0)
        ;
    sys_close(child->said);
    probe_must(sys_call6((enum sys_number)PROBE_WAIT4, child->pid, (long)(uintptr_t)&status, 0,
                         (long)(uintptr_t)&usage, 0, 0),
               "wait");
    if (status != 0 && !may_fail)
        probe_must(-1, "the program ended with an error");
    return usage.peak;
}

static void sort(uint64_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const uint64_t value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

static void measure(uint32_t rounds, char **words, char **environment)
{
    uint64_t most = 0;

    for (uint32_t round = 0; round < WARM_UP + rounds; round++) {
        const uint64_t before = probe_now();
        const struct child child = begin(words, environment);
        wait_for_byte(&child);
        if (round >= WARM_UP)
            took[round - WARM_UP] = probe_now() - before;
        const uint64_t peak = end(&child, false);
        most = peak > most ? peak : most;
    }
    sort(took, rounds);
    probe_result("start", took[rounds / 2]);
    probe_result("least", took[0]);
    probe_result("peak", most);
}

static void show_resident(long pid)
{
    char path[40] = "/proc/", text[2048];
    char *at = path + strlen(path);
    uint64_t unit = 1;

    while (unit * 10 <= (uint64_t)pid)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        *at++ = (char)('0' + (uint64_t)pid / unit % 10);
    memcpy(at, "/smaps_rollup", sizeof("/smaps_rollup"));
    const int file = (int)probe_must(sys_open(path, SYS_O_RDONLY), path);
    const long size = probe_must(sys_read(file, text, sizeof(text)), path);
    sys_write(1, text, (size_t)size);
}

static void idle(char **words, char **environment)
{
    const struct sys_timespec settle = {0, SETTLE_NS};
    const struct child child = begin(words, environment);

    wait_for_byte(&child);
    sys_call6(SYS_CLOCK_NANOSLEEP, 1, 0, (long)(uintptr_t)&settle, 0, 0, 0);
    show_resident(child.pid);
    sys_call3((enum sys_number)PROBE_KILL, child.pid, SIGNAL_KILL, 0);
    end(&child, true);
}

static void take_turns(char **words, char **environment)
{
    static const int priority = 1;

    probe_must(sys_call3((enum sys_number)PROBE_SCHED_SETSCHEDULER, 0, SCHED_FIFO,
                         (long)(uintptr_t)&priority),
               "scheduling in turns");
    probe_must(sys_call3((enum sys_number)PROBE_EXECVE, (long)(uintptr_t)words[0],
                         (long)(uintptr_t)words, (long)(uintptr_t)environment),
               words[0]);
}

void start(uint64_t *stack)
{
    char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1;

    if (stack[0] < 3)
        probe_must(-1, "launch ROUNDS|idle|turns PROGRAM [WORDS...]");
    if (strcmp(argv[1], "turns") == 0)
        take_turns(argv + 2, environment);
    const uint32_t rounds = probe_number(argv[1]);
    if (rounds > ROUNDS_MAX)
        probe_must(-1, "more than 99 rounds");
    if (rounds == 0)
        idle(argv + 2, environment);
    else
        measure(rounds, argv + 2, environment);
    probe_leave(0);
}
