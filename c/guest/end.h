/* SPDX-License-Identifier: MIT */
/* How the bindings end a guest that cannot go on. */
#ifndef RPIKIT_GUEST_END_H
#define RPIKIT_GUEST_END_H

/* Says "Solo5: ABORT: " and (why), however quiet the guest is, and ends it with
 * SOLO5_EXIT_ABORT. */
void guest_abort(const char *why) __attribute__((noreturn));

#endif
