/* SPDX-License-Identifier: MIT */
/* What a tender does, once it has its command line. */
#ifndef RPIKIT_TENDER_RUN_H
#define RPIKIT_TENDER_RUN_H

/* Loads the unikernel that argv names and serves it to its end; argv ends with NULL. Returns the
 * tender's exit status; ends the process by itself for what it refuses (tender/report.h). */
int run(int argc, char **argv);

#endif
