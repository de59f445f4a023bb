/* SPDX-License-Identifier: MIT */
/* Tells the operator what is left, if asked to. */
#ifndef RPIKIT_TENDER_TELL_H
#define RPIKIT_TENDER_TELL_H

#include "backends/linux/filter.h"

/* With --verbose: one line with the system calls that (program) leaves to (whose) process, "tender"
 * or "guest", and with Landlock's version (landlock), 0 for none. */
void tell(const char *whose, struct filter_program program, long landlock);

#endif
