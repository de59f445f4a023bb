/* SPDX-License-Identifier: MIT */
/* How the bindings end a guest that cannot go on. */
#ifndef RPIKIT_GUEST_END_H
#define RPIKIT_GUEST_END_H

#include <stdint.h>

/* Says "Solo5: ABORT: " and (why), however quiet the guest is, then the calls that led here, and
 * ends it with SOLO5_EXIT_ABORT. */
void guest_abort(const char *why) __attribute__((noreturn));

/* The same with the calls that led to the frame record at (frame). */
void guest_abort_at(const char *why, uintptr_t frame) __attribute__((noreturn));

#endif
