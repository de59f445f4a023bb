/* SPDX-License-Identifier: MIT */
/* Sleeping until a network device or a moment, by system calls. */
#ifndef RPIKIT_GUEST_SPT_POLL_H
#define RPIKIT_GUEST_SPT_POLL_H

#include <stdint.h>

/* Waits at most (timeout) ns, 0 looks once; *(ready) gets bit n for the device at index n. Returns
 * how many are ready, 0 when the time has passed. */
int32_t poll_events(uint64_t timeout, uint64_t *ready);

#endif
