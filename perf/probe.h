/* SPDX-License-Identifier: MIT */
/* What the programs here share: the counter, and words on standard output. */
#ifndef RPIKIT_PERF_PROBE_H
#define RPIKIT_PERF_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/linux/sys.h"
#include "lib/string.h"

#define PROBE_ROUNDS 10 /* of which the least counts: a timer's tick only ever adds */
#define PROBE_COUNT  50 /* of the same thing in one round */

/* More numbers of include/uapi/asm-generic/unistd.h. */
enum probe_call {
    PROBE_DUP3 = 24,
    PROBE_PIPE2 = 59,
    PROBE_SCHED_SETSCHEDULER = 119,
    PROBE_KILL = 129,
    PROBE_GETPPID = 173,
    PROBE_CLONE = 220,
    PROBE_EXECVE = 221,
    PROBE_WAIT4 = 260,
    PROBE_NONE = 0x525000, /* no kernel has it */
};

/* Called by tender/start.S with the stack as Linux left it: argc, argv, NULL, environment. */
void start(uint64_t *stack) __attribute__((noreturn));

static inline void __attribute__((noreturn)) probe_leave(int status)
{
    for (;;)
        sys_call3(SYS_EXIT_GROUP, status, 0, 0);
}

static inline void probe_print(const char *text)
{
    sys_write(1, text, strlen(text));
}

/* Returns (result), or says that (what) failed and ends. */
static inline long probe_must(long result, const char *what)
{
    if (result >= 0)
        return result;
    probe_print("failed: ");
    probe_print(what);
    probe_print("\n");
    probe_leave(1);
}

/* Nanoseconds of the board's counter: instructions, where each takes one (-icount shift=0). */
static inline uint64_t probe_now(void)
{
    uint64_t ticks, hz;

    __asm__ volatile("isb; mrs %0, cntvct_el0; mrs %1, cntfrq_el0" : "=r"(ticks), "=r"(hz));
    return ticks * (UINT64_C(1000000000) / hz);
}

/* Prints a line of (name) and (value). */
static inline void probe_result(const char *name, uint64_t value)
{
    char text[24], *at = text + sizeof(text);

    *--at = '\0';
    *--at = '\n';
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    probe_print(name);
    probe_print(" ");
    probe_print(at);
}

/* The number a decimal word begins with. */
static inline uint32_t probe_number(const char *word)
{
    uint32_t value = 0;

    while (*word >= '0' && *word <= '9')
        value = value * 10 + (uint32_t)(*word++ - '0');
    return value;
}

/* One instruction of classic BPF, and a program of them: include/uapi/linux/filter.h. */
struct probe_step {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
};

struct probe_program {
    uint16_t size;
    const struct probe_step *step;
};

/* include/uapi/linux/seccomp.h, prctl.h and bpf_common.h. */
#define PROBE_ALLOW UINT32_C(0x7fff0000)
#define PROBE_ASK   UINT32_C(0x7fc00000)

enum { PROBE_LOAD = 0x20, PROBE_IF_EQUAL = 0x15, PROBE_RETURN = 0x06 };
enum { PROBE_SET_NO_NEW_PRIVS = 38, PROBE_SET_MODE_FILTER = 1 };

/* Puts a filter of system calls in force, and returns what the kernel does. */
static inline long probe_enter(const struct probe_program *program, long flags)
{
    probe_must(sys_call6(SYS_PRCTL, PROBE_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0), "no new privileges");
    return probe_must(sys_call3(SYS_SECCOMP, PROBE_SET_MODE_FILTER, flags,
                                (long)(uintptr_t)program),
                      "entering a filter of system calls");
}

/* The cheapest filter there is: it allows everything, which the kernel remembers for each call. */
static inline void probe_filter(void)
{
    static const struct probe_step allow = {PROBE_RETURN, 0, 0, PROBE_ALLOW};
    static const struct probe_program program = {1, &allow};

    probe_enter(&program, 0);
}

/* Sets a line the way that takes no descriptor along: its value file opened, written, closed. */
static inline void probe_write_file(const char *path, bool high)
{
    const long file = probe_must(sys_open(path, SYS_O_WRONLY), path);

    probe_must(sys_write((int)file, high ? "1" : "0", 1), path);
    sys_close((int)file);
}

#endif
