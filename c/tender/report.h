/* SPDX-License-Identifier: MIT */
/* What the tender says to its operator, and how it ends. */
#ifndef RPIKIT_TENDER_REPORT_H
#define RPIKIT_TENDER_REPORT_H

/* One line on standard error. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard error, then the end with status 1. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Closes the backends and ends with (status). */
void leave(int status) __attribute__((noreturn));

/* SIGINT and SIGTERM end the tender with status 1; a reader that goes away does not. */
void report_signals(void);

#endif
