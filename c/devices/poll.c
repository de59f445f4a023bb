/* SPDX-License-Identifier: MIT */
/* Waiting is the backend's. */
#include "host_poll.h"

#include "backends/poll.h"

int32_t poll_wait(struct host *host, solo5_time_t timeout, uint64_t *ready)
{
    (void)host;
    return backend_poll(timeout, ready);
}
