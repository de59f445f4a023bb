/* SPDX-License-Identifier: MIT */
/* The console that all guests share: what they write waits here for the serial port, which is
 * slower than they are. With several guests each line says whose it is, and none is torn. */
#ifndef RPIKIT_UNDERLAY_CONSOLE_H
#define RPIKIT_UNDERLAY_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "underlay/guest.h"

/* From now on lines begin with their guest's name. */
void console_name_lines(void);

/* Takes (size) bytes of (text) that (guest) writes, in its turn. */
void console_take(struct guest *guest, const char *text, size_t size);
/* Tells the line that it has begun. */
void console_finish(struct guest *guest);

/* Says a line of (size) bytes, at most GUEST_LINE, of (name), who is no guest and always the same;
 * it is lost if the one before still waits. */
void console_offer(const char *name, const char *line, size_t size);

/* Says a line of the underlay's own: format.h. */
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Hands the port what it has room for; says whether more waits. */
bool console_send(void);

/* Has the port take all that waits, however long that is; for who will not come back. */
void console_flush(void);

#endif
