/* SPDX-License-Identifier: MIT */
/* Sleeping until something happens. */
#ifndef RPIKIT_BACKENDS_POLL_H
#define RPIKIT_BACKENDS_POLL_H

#include <stdint.h>

/* Waits at most (timeout) nanoseconds for a device to become ready; *(ready) gets a bit for each
 * handle. Returns how many are ready, 0 when the time passed. */
int32_t backend_poll(uint64_t timeout, uint64_t *ready);

#endif
