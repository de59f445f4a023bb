/* SPDX-License-Identifier: MIT */
/* Sleeping until a network device or a moment, by system calls. */
#include "guest/spt/poll.h"

#include "abi/manifest.h"
#include "guest/spt/start.h"
#include "guest/spt/svc.h"

#define SECOND  UINT64_C(1000000000)
#define SOURCES (MFT_MAX_ENTRIES + 1) /* devices, and the timer */

/* struct epoll_event: include/uapi/linux/eventpoll.h. */
struct event {
    uint32_t events, padding;
    uint64_t data;
};

/* struct itimerspec: include/uapi/linux/time.h. */
struct timer {
    struct {
        uint64_t seconds, nanoseconds;
    } interval, first;
};

/* Setting it also forgets an end that nobody took notice of. */
static void set_timer(uint64_t timeout)
{
    const struct timer timer = {.first = {timeout / SECOND, timeout % SECOND}};

    svc(SPT_TIMERFD_SETTIME, spt_boot->timer, 0, (long)(uintptr_t)&timer, 0, 0);
}

/* Waits at most (milliseconds), or for ever if that is negative. */
static long look(long milliseconds, struct event *events)
{
    return svc(SPT_EPOLL_PWAIT, spt_boot->events, (long)(uintptr_t)events, SOURCES, milliseconds,
               0);
}

int32_t poll_events(uint64_t timeout, uint64_t *ready)
{
    struct event events[SOURCES];
    int32_t count = 0;
    long found;

    *ready = 0;
    if (timeout == 0) {
        found = look(0, events);
    } else {
        set_timer(timeout);
        do {
            found = look(-1, events);
        } while (found == SVC_EINTR); /* stopped and continued: the timer went on */
    }
    for (long i = 0; i < found; i++) {
        if (events[i].data >= MFT_MAX_ENTRIES)
            continue;
        *ready |= UINT64_C(1) << events[i].data;
        count++;
    }
    return count;
}
