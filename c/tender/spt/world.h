/* SPDX-License-Identifier: MIT */
/* How the guest gets a process: alone/ makes this one the guest, parent/ a child of this one. */
#ifndef RPIKIT_TENDER_SPT_WORLD_H
#define RPIKIT_TENDER_SPT_WORLD_H

#include "dispatch/host.h"
#include "tender/spt/guest.h"

/* Whether a parent serves the guest's calls. */
extern const bool world_has_parent;

/* Maps (size) bytes of zeros for the guest; ends the tender if there is no room. */
void world_map(struct guest_memory *memory, uint64_t size);

/* Runs the guest, whose memory is filled, and returns its status, if anyone is left for that. */
int world_run(const struct guest *guest, struct host *host);

#endif
