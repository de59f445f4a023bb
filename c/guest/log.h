/* SPDX-License-Identifier: MIT */
/* What the bindings themselves say on the console. */
#ifndef RPIKIT_GUEST_LOG_H
#define RPIKIT_GUEST_LOG_H

/* In Solo5 "quiet" means errors only. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Says from now on what is at (level) or more urgent; until then, errors only. */
void log_set_level(enum log_level level);

/* Says (format), which holds whole lines, at (level), in one console write. As Solo5 does it, each
 * line begins with "Solo5: ". */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the words --solo5:quiet, error, warn, info and debug off the front of (cmdline), blanks
 * around them too. Returns the rest, and sets *(level) to the last one if there was any. */
const char *log_take_options(const char *cmdline, enum log_level *level);

#endif
