/* SPDX-License-Identifier: MIT */
/* The last steps of the tender in a process that becomes the guest. */
#ifndef RPIKIT_TENDER_SPT_PASSAGE_H
#define RPIKIT_TENDER_SPT_PASSAGE_H

#include <stdint.h>

#include "backends/linux/filter.h"

/* Where they are copied to: above every guest, and below every program (toolkit's PROGRAMS). */
#define PASSAGE_AT UINT64_C(0x400000000) /* passage.S knows it, too */

/* Unmaps [guest_end, PASSAGE_AT) and everything from (after) on, this program and its stack
 * included; installs (program); and enters the guest at (entry) with boot information at (boot) and
 * its stack at (stack). Or says that it failed, and ends with 1. */
typedef void passage(uint64_t guest_end, uint64_t after, const struct filter_program *program,
                     uint64_t entry, uint64_t boot, uint64_t stack);

/* The code, which runs wherever it is copied to. */
extern const char passage_start[], passage_end[];

#endif
