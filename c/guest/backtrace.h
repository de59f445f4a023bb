/* SPDX-License-Identifier: MIT */
/* How the guest came to where it ends. */
#ifndef RPIKIT_GUEST_BACKTRACE_H
#define RPIKIT_GUEST_BACKTRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/log.h"

/* Tells where memory ends, in bytes from address 0; until then there are no records to read. */
void backtrace_start(uint64_t memory_size);

/* Says at (level) which build this is, and where each call returns to, from the frame record at
 * (frame) on: one address a line, the innermost first. It ends at the first record that cannot be
 * one. A platform that does not know its frames says nothing. */
void backtrace_say(enum log_level level, uintptr_t frame);

/* Whether the records are being read: an exception now is theirs, and no news. */
bool backtrace_is_reading(void);

/* The first eight bytes of the build id, as a number whose hexadecimal digits read alike; 0 if the
 * file was linked without one. */
uint64_t backtrace_build(void);

#endif
