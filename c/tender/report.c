/* SPDX-License-Identifier: MIT */
/* What the tender says to its operator, and how it ends. */
#include "tender/report.h"

#include "backends/linux/backend.h"
#include "lib/format.h"
#include "lib/string.h"

#define LINE_MAX 512 /* characters of a message */

enum { STDERR = 2 };
enum { SIGINT = 2, SIGPIPE = 13, SIGTERM = 15, SIGCHLD = 17 };
enum { DEFAULT = 0, IGNORE = 1 }; /* in place of a handler */

struct line {
    size_t used;
    char text[LINE_MAX];
};

static void put(void *self, const char *text, size_t size)
{
    struct line *line = self;
    const size_t room = sizeof(line->text) - 1 - line->used; /* 1 for the line end */

    if (size > room)
        size = room;
    memcpy(line->text + line->used, text, size);
    line->used += size;
}

/* In one write, so that lines of several programs do not mix. */
static void say(const char *format, va_list args)
{
    static const char program[] = "rpikit-tender: ";
    struct line line = {.used = 0};

    put(&line, program, sizeof(program) - 1);
    format_to(put, &line, format, args);
    line.text[line.used++] = '\n';
    sys_write(STDERR, line.text, line.used);
}

void report(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
}

void fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say(format, args);
    va_end(args);
    leave(1);
}

void leave(int status)
{
    for (const struct linux_backend *const *it = linux_backends; it < linux_backends_end; it++) {
        if ((*it)->close)
            (*it)->close();
    }
    for (;;)
        sys_call3(SYS_EXIT_GROUP, status & 0xff, 0, 0);
}

static void on_signal(int number)
{
    fail("Exiting on signal %d", number);
}

/* struct sigaction of the kernel, not of libc: include/uapi/asm-generic/signal.h. */
struct action {
    uintptr_t handler;
    uint64_t flags;
    uintptr_t restorer;
    uint64_t mask;
};

/* Some machines' kernels take no handler without a place to return to; ours do not return. */
#define SA_RESTORER  UINT64_C(0x04000000) /* arch's uapi/asm/signal.h */
#define SA_NOCLDSTOP UINT64_C(1)          /* a child that stops has not ended */
#define SA_SIGINFO   UINT64_C(4)

static void handle(int number, uintptr_t handler)
{
    const struct action action = {
        .handler = handler,
        .flags = SA_RESTORER | SA_NOCLDSTOP | SA_SIGINFO,
        .restorer = handler,
        .mask = ~UINT64_C(0),
    };

    sys_call6(SYS_RT_SIGACTION, number, (long)(uintptr_t)&action, 0, sizeof(action.mask), 0, 0);
}

void report_signals(void)
{
    handle(SIGINT, (uintptr_t)on_signal);
    handle(SIGTERM, (uintptr_t)on_signal);
    handle(SIGPIPE, IGNORE);
}

void report_no_signals(bool ignored)
{
    handle(SIGINT, ignored ? IGNORE : DEFAULT);
    handle(SIGTERM, ignored ? IGNORE : DEFAULT);
}

void report_children(void (*handler)(int number, const struct signal_info *info))
{
    handle(SIGCHLD, (uintptr_t)handler);
}
