/* SPDX-License-Identifier: MIT */
/* Serves the calls of a guest in a child process. */
#ifndef RPIKIT_TENDER_SPT_SERVE_H
#define RPIKIT_TENDER_SPT_SERVE_H

#include "dispatch/host.h"

/* Returns the descriptor that tells of calls of children of this process; ends the tender if the
 * kernel cannot do that. */
int serve_open(void);

/* Gives up this process's own rights, and serves what (calls) tells of until the guest halts; ends
 * the tender if the guest breaks the rules. */
int serve(struct host *host, int calls);

#endif
