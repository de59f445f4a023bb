/* SPDX-License-Identifier: MIT */
/* Time that passes only when somebody sleeps: a run is the same every time. */
#include "backends/fake/fake.h"

#include "backends/clock.h"
#include "backends/guest_clock.h"
#include "backends/poll.h"

struct fake_time fake_time;
uint64_t fake_ready;

uint64_t backend_clock_wall(void)
{
    return fake_time.wall + fake_time.now;
}

uint64_t backend_clock_monotonic(void)
{
    return fake_time.now;
}

uint64_t backend_guest_clock(uint64_t at)
{
    return at;
}

static bool is_woken(void)
{
    return fake_ready != 0 || fake_pins.edge_count != 0;
}

int32_t backend_poll(uint64_t timeout, uint64_t *ready)
{
    uint64_t until = fake_time.now + timeout;

    if (until < fake_time.now)
        until = UINT64_MAX;
    while (!is_woken() && fake_pins.stimuli_left && fake_stimulus_next() <= until) {
        if (fake_stimulus_next() > fake_time.now)
            fake_time.now = fake_stimulus_next();
        fake_stimulus_apply();
    }
    if (!is_woken())
        fake_time.now = until;
    *ready = fake_ready;
    return __builtin_popcountll(fake_ready);
}
