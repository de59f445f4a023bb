/* SPDX-License-Identifier: MIT */
/* What a filter of system calls says to a call of which only the number is known. */
#ifndef RPIKIT_BACKENDS_LINUX_VERDICT_H
#define RPIKIT_BACKENDS_LINUX_VERDICT_H

#include "backends/linux/filter.h"

enum verdict {
    VERDICT_NEVER = 0,
    VERDICT_CHECKED, /* it depends on the arguments */
    VERDICT_ALWAYS,
};

/* Follows (program), of filter_finish(), for (number) wherever arguments may lead. */
enum verdict filter_verdict(struct filter_program program, uint32_t number);

#endif
