/* SPDX-License-Identifier: MIT */
/* The tender's own memory, once nothing in it has to change. */
#ifndef RPIKIT_TENDER_SEAL_H
#define RPIKIT_TENDER_SEAL_H

/* Makes every SEALED variable read-only, and, from Linux 6.10 on, all of the program's memory such
 * that no right to it can be changed. Returns 0 or an error. */
long seal(void);

#endif
