/* SPDX-License-Identifier: MIT */
/* How long a guest may be silent, and whether it begins again. */
#include "underlay/life.h"

static uint64_t later(uint64_t moment, uint64_t ticks)
{
    uint64_t sum;

    return __builtin_add_overflow(moment, ticks, &sum) ? LIFE_WITHOUT_END : sum;
}

void life_sign(struct life *life, uint64_t now)
{
    life->deadline = life->patience == 0 ? LIFE_WITHOUT_END : later(now, life->patience);
}

void life_delay(struct life *life, uint64_t ticks)
{
    life->deadline = later(life->deadline, ticks);
}

bool life_is_over(const struct life *life, uint64_t now)
{
    return life->deadline != LIFE_WITHOUT_END && now >= life->deadline;
}

bool life_again(struct life *life, bool failed, uint64_t *pause)
{
    if (life->restart == RESTART_NEVER || (life->restart == RESTART_ON_FAILURE && !failed) ||
        life->restarts == life->restarts_max)
        return false;
    life->restarts++;
    *pause = life->pause < life->pause_max ? life->pause : life->pause_max;
    life->pause = later(*pause, *pause);
    return true;
}
