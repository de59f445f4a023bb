/* SPDX-License-Identifier: MIT */
/* What the tender gives up before the guest's first instruction. */
#ifndef RPIKIT_TENDER_SANDBOX_H
#define RPIKIT_TENDER_SANDBOX_H

#include <stdbool.h>

#include "backends/linux/filter.h"

/* Closes what the caller left open, and gets the backends ready. */
void sandbox_prepare(void);

/* For good, and once: no new privileges, no way to files, no user or group of weight, no capabilities. Before this
 * process has a child: one that outranks the other could not end it. */
void sandbox_drop_rights(void);

/* The same, if that was not done; closes standard input, of which the place is taken by an output,
 * and sets limits: no core, no further process, no further descriptor. */
void sandbox_give_up(void);

/* Tells the operator of (program), which this process is about to install for (whose). */
void sandbox_tell(const char *whose, struct filter_program program);

/* The same, and drops system calls; ends the tender if that fails. (begin) starts the filter with
 * what the tender does most often: (exactly) that, or with any ioctl if that is faster. */
void sandbox_enter(void (*begin)(struct filter *filter, bool exactly));

#endif
