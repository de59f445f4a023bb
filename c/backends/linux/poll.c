/* SPDX-License-Identifier: MIT */
/* Sleeping: until a descriptor can be read, or to the nanosecond the guest asked for, as far as the
 * kernel's timers go. */
#include "backends/poll.h"

#include <stdbool.h>

#include "backends/linux/backend.h"
#include "backends/linux/poll.h"
#include "backends/linux/sealed.h"

#define SECOND UINT64_C(1000000000)

enum { PR_SET_TIMERSLACK = 29, CLOCK_MONOTONIC = 1 };

/* include/uapi/linux/eventpoll.h, timerfd.h */
#define EPOLLIN 1u
#define EPOLLET (1u << 31)
enum { EPOLL_CTL_ADD = 1, CLOEXEC = SYS_O_CLOEXEC, NONBLOCK = SYS_O_NONBLOCK };

#define TIMER   0  /* no device has this handle */
#define SOURCES 64 /* handles, and the timer in place of handle 0 */

/* Both 0 while there is nothing to watch: then a plain sleep is all that is needed. */
static int set SEALED, timer SEALED;

static long watch(int fd, uint32_t events, uint64_t data)
{
    const struct sys_epoll_event event = {.events = events, .data = data};

    return sys_call6(SYS_EPOLL_CTL, set, EPOLL_CTL_ADD, fd, (long)(uintptr_t)&event, 0, 0);
}

/* Neither ppoll nor epoll sleeps exactly: the kernel may add a thousandth. A timer does. Its end is
 * told once, so that one of which nobody took notice is not found again and again. */
static long start(void)
{
    const long made = sys_call3(SYS_EPOLL_CREATE1, CLOEXEC, 0, 0);

    if (made < 0)
        return made;
    set = (int)made;
    const long clock = sys_call3(SYS_TIMERFD_CREATE, CLOCK_MONOTONIC, CLOEXEC | NONBLOCK, 0);
    if (clock < 0)
        return clock;
    timer = (int)clock;
    return watch(timer, EPOLLIN | EPOLLET, TIMER);
}

long poll_add(int fd, uint32_t handle)
{
    const long started = set ? 0 : start();

    return started < 0 ? started : watch(fd, EPOLLIN, handle);
}

static struct sys_timespec timespec(uint64_t nanoseconds)
{
    return (struct sys_timespec){
        .seconds = (int64_t)(nanoseconds / SECOND),
        .nanoseconds = (int64_t)(nanoseconds % SECOND),
    };
}

static int32_t sleep(uint64_t timeout)
{
    struct sys_timespec left = timespec(timeout);
    const long at = (long)(uintptr_t)&left;

    while (sys_call6(SYS_CLOCK_NANOSLEEP, CLOCK_MONOTONIC, 0, at, at, 0, 0) == SYS_EINTR)
        continue; /* the kernel has put into (left) what is left */
    return 0;
}

static void set_timer(uint64_t timeout)
{
    const struct sys_timespec once[] = {{0, 0}, timespec(timeout)}; /* interval, first */

    sys_call6(SYS_TIMERFD_SETTIME, timer, 0, (long)(uintptr_t)once, 0, 0, 0);
}

/* Waits at most (milliseconds), or for ever if that is negative; true if anything happened. */
static bool look(long milliseconds, uint64_t *ready, int32_t *count)
{
    struct sys_epoll_event events[SOURCES];
    const long found =
        sys_call6(SYS_EPOLL_PWAIT, set, (long)(uintptr_t)events, SOURCES, milliseconds, 0, 0);

    for (long i = 0; i < found; i++) {
        if (events[i].data == TIMER)
            continue;
        *ready |= UINT64_C(1) << events[i].data;
        (*count)++;
    }
    return found > 0;
}

int32_t backend_poll(uint64_t timeout, uint64_t *ready)
{
    int32_t count = 0;

    *ready = 0;
    /* Guests ask for 1 ns when their deadline is over; that has passed on the way here. */
    if (!set)
        return timeout > 1 ? sleep(timeout) : 0;
    look(0, ready, &count);
    if (count == 0 && timeout > 1) {
        set_timer(timeout);
        while (!look(-1, ready, &count))
            continue; /* stopped and continued: the timer went on */
    }
    return count;
}

/* Else Linux may wake us 50 us late, to save power. */
static void open(void)
{
    sys_call3(SYS_PRCTL, PR_SET_TIMERSLACK, 1, 0);
}

static void allow(struct filter *filter)
{
    static const struct filter_argument monotonic = {0, CLOCK_MONOTONIC, CLOCK_MONOTONIC};

    if (set) {
        filter_allow_fd(filter, SYS_EPOLL_PWAIT, set);
        filter_allow_fd(filter, SYS_TIMERFD_SETTIME, timer);
        return;
    }
    filter_allow(filter, SYS_CLOCK_NANOSLEEP, &monotonic, 1);
    filter_allow(filter, SYS_RESTART_SYSCALL, NULL, 0); /* after a stop and continue */
}

static const struct linux_backend poll = {.open = open, .allow = allow};
LINUX_BACKEND(poll);
