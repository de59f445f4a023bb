/* SPDX-License-Identifier: MIT */
/* Moves lines from outside. */
#include "underlay/edges/posts.h"

#include "backends/bcm2837/registers.h"
#include "underlay/edges/gpio.h"
#include "underlay/edges/layout.h"

#define SECOND UINT64_C(1000000000)

_Static_assert(POSTS + sizeof(struct posts) <= STIMULI, "posts end where stimuli begin");
_Static_assert(STIMULI + sizeof(struct stimuli) <= RESERVED, "stimuli end where the guest begins");

static volatile struct posts *const posts = (volatile struct posts *)POSTS;
static const volatile struct stimuli *const stimuli = (const volatile struct stimuli *)STIMULI;

static bool playing;
static uint64_t begun; /* in ticks of the counter */
static uint64_t played;

void posts_take(void)
{
    while (posts->taken != posts->posted) {
        const uint32_t at = posts->taken % POSTS_ROOM;
        gpio_outside(posts->entries[at].offset, posts->entries[at].value);
        posts->taken++;
    }
}

static uint64_t lines_of_stimuli(void)
{
    uint64_t lines = 0;

    for (uint64_t i = 0; i < stimuli->count; i++)
        lines |= (uint64_t)stimuli->entries[i].value << ((stimuli->entries[i].offset & 4) ? 0 : 32);
    return lines;
}

bool stimuli_begin(void)
{
    if (playing || stimuli->count == 0 || !(gpio_wanted() & lines_of_stimuli()))
        return false;
    playing = true;
    begun = READ_REGISTER(cntpct_el0);
    return true;
}

static uint64_t ticks(uint64_t ns)
{
    const uint64_t hz = READ_REGISTER(cntfrq_el0);

    return ns / SECOND * hz + ns % SECOND * hz / SECOND;
}

void stimuli_play(void)
{
    if (!playing)
        return;
    while (played < stimuli->count) {
        const uint64_t due = begun + ticks(stimuli->entries[played].at);
        if (due > READ_REGISTER(cntpct_el0)) {
            WRITE_REGISTER(cnthp_cval_el2, due);
            WRITE_REGISTER(cnthp_ctl_el2, 1);
            return;
        }
        gpio_outside(stimuli->entries[played].offset, stimuli->entries[played].value);
        played++;
    }
    WRITE_REGISTER(cnthp_ctl_el2, 0);
}
