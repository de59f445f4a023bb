/* SPDX-License-Identifier: MIT */
/* The wall clock is the host's. */
#include "host_clock.h"

#include "backends/clock.h"

solo5_time_t clock_walltime(struct host *host)
{
    (void)host;
    return backend_clock_wall();
}
