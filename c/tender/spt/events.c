/* SPDX-License-Identifier: MIT */
/* What an spt guest sleeps with: a set of its network devices, and a timer. */
#include "abi/spt.h"
#include "backends/linux/sys.h"
#include "tender/report.h"
#include "tender/spt/guest.h"

/* include/uapi/linux/eventpoll.h, timerfd.h */
enum { EPOLLIN = 1, EPOLL_CTL_ADD = 1, CLOCK_MONOTONIC = 1 };

static int must(long result)
{
    if (result < 0)
        fail("what a guest sleeps with: %s", sys_error_text(result));
    return (int)result;
}

static void watch(const struct guest *guest, int fd, uint64_t data)
{
    const struct sys_epoll_event event = {.events = EPOLLIN, .data = data};

    must(sys_call6(SYS_EPOLL_CTL, guest->events, EPOLL_CTL_ADD, fd, (long)(uintptr_t)&event, 0, 0));
}

void guest_open_events(struct guest *guest)
{
    guest->events = must(sys_call3(SYS_EPOLL_CREATE1, SYS_O_CLOEXEC, 0, 0));
    guest->timer =
        must(sys_call3(SYS_TIMERFD_CREATE, CLOCK_MONOTONIC, SYS_O_CLOEXEC | SYS_O_NONBLOCK, 0));
    watch(guest, guest->timer, SPT_TIMER_EVENT);
    for (uint32_t i = 1; i < guest->manifest->entries; i++) {
        const struct mft_entry *entry = &guest->manifest->e[i];
        if (entry->type == MFT_NET_BASIC && entry->attached)
            watch(guest, (int)entry->host, i);
    }
}
