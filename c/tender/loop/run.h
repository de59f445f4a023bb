/* SPDX-License-Identifier: MIT */
/* Runs a guest of the loop platform inside this process. */
#ifndef RPIKIT_TENDER_LOOP_RUN_H
#define RPIKIT_TENDER_LOOP_RUN_H

#include "abi/loop.h"
#include "dispatch/host.h"

/* Runs the guest that begins at (entry) on (host) with (cmdline), from which it takes words like
 * --solo5:quiet. Its heap is of (heap_size) bytes, a multiple of 4096, with nothing behind it that
 * could be touched. The guest's memory is the whole address space. Returns its exit status. A bad
 * call is told on standard error and ends the process with 1, as under the tender. */
int loop_run(struct host *host, loop_entry *entry, const char *cmdline, size_t heap_size);

#endif
