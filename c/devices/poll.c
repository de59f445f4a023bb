/* SPDX-License-Identifier: MIT */
/* Waiting: the backend sleeps; devices that have to be looked at are looked at in between. */
#include "host_poll.h"

#include <stddef.h>

#include "backends/clock.h"
#include "backends/poll.h"

static int32_t count(uint64_t set)
{
    int32_t bits = 0;

    for (; set != 0; set &= set - 1)
        bits++;
    return bits;
}

/* Looks at all waiters; *(patience) becomes the time until one wants to look again. */
static uint64_t look(struct host *host, uint64_t *patience)
{
    uint64_t set = 0;

    for (struct waiter *it = host->waiters; it; it = it->next)
        set |= it->look(it, patience);
    return set;
}

int32_t poll_wait(struct host *host, solo5_time_t timeout, uint64_t *ready)
{
    if (!host->waiters)
        return backend_poll(timeout, ready);

    const uint64_t start = backend_clock_monotonic();
    uint64_t passed = 0;
    for (;;) {
        uint64_t patience = timeout - passed;
        const uint64_t seen = look(host, &patience);
        backend_poll(seen ? 0 : patience, ready);
        *ready |= seen;
        if (*ready || passed == timeout)
            return count(*ready);
        passed = backend_clock_monotonic() - start;
        if (passed > timeout)
            passed = timeout;
    }
}
