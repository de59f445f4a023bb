/* SPDX-License-Identifier: MIT */
/* What the tender says to its operator, and how it ends. */
#ifndef RPIKIT_TENDER_REPORT_H
#define RPIKIT_TENDER_REPORT_H

#include <stdbool.h>

/* One line on standard error. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard error, then the end with status 1. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Closes the backends and ends with (status). */
void leave(int status) __attribute__((noreturn));

/* Gives SIGINT and SIGTERM back to Linux, which ends the process, or ignores them. */
void report_no_signals(bool ignored);

/* Has (handler), which does not return, called when a child has ended. */
void report_children(void (*handler)(int number));

/* SIGINT and SIGTERM end the tender with status 1; a reader that goes away does not. */
void report_signals(void);

#endif
