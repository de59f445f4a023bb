/* SPDX-License-Identifier: MIT */
/* A guest that is linked into the host program itself, for tests. */
#ifndef RPIKIT_GUEST_LOOP_H
#define RPIKIT_GUEST_LOOP_H

#include "dispatch/host.h"

/* The host of the guest that is running. */
extern struct host *loop_host;

/* Runs solo5_app_main() on (host) with (cmdline), from which words like --solo5:quiet are taken.
 * The guest's memory becomes the whole address space. Returns the guest's exit status. */
int loop_run(struct host *host, const char *cmdline);

/* Returns from loop_run(): the guest has halted. */
void loop_leave(void) __attribute__((noreturn));

#endif
