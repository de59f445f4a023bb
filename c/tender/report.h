/* SPDX-License-Identifier: MIT */
/* What the tender says to its operator, and how it ends. */
#ifndef RPIKIT_TENDER_REPORT_H
#define RPIKIT_TENDER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

/* One line on standard error. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard error, then the end with status 1. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Closes the backends and ends with (status). */
void leave(int status) __attribute__((noreturn));

/* Gives SIGINT and SIGTERM back to Linux, which ends the process, or ignores them. */
void report_no_signals(bool ignored);

/* What comes with a signal, here with a child's: include/uapi/asm-generic/siginfo.h. */
struct signal_info {
    int32_t number, error, code, padding, process;
    uint32_t user;
    int32_t status;
};

/* Has (handler), which does not return, called when a child has ended, or if that is NULL, nothing
 * done. */
void report_children(void (*handler)(int number, const struct signal_info *info));

/* SIGINT and SIGTERM end the tender with status 1; a reader that goes away does not. */
void report_signals(void);

#endif
