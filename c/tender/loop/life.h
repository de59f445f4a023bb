/* SPDX-License-Identifier: MIT */
/* Ends of a loop tender that its guest or its operator did not ask for. */
#ifndef RPIKIT_TENDER_LOOP_LIFE_H
#define RPIKIT_TENDER_LOOP_LIFE_H

/* From here on a fault of the guest is told as on the board: a report, ABORT, status 255. A
 * sanitizer that is there tells it better, and keeps it. If RPIKIT_OWNER names a file, the tender
 * ends as soon as nobody else holds the lock (flock) on it: its owner is gone. */
void life_guard(void);

#endif
