/* SPDX-License-Identifier: MIT */
/* What an spt guest may ask of Linux, argument by argument. */
#include "abi/spt.h"
#include "tender/report.h"
#include "tender/spt/guest.h"

enum { STDOUT = 1, CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1 };

_Static_assert((int)SPT_EPOLL_PWAIT == (int)SYS_EPOLL_PWAIT && (int)SPT_READ == (int)SYS_READ &&
                   (int)SPT_WRITE == (int)SYS_WRITE && (int)SPT_PREAD64 == (int)SYS_PREAD64 &&
                   (int)SPT_PWRITE64 == (int)SYS_PWRITE64 &&
                   (int)SPT_TIMERFD_SETTIME == (int)SYS_TIMERFD_SETTIME &&
                   (int)SPT_EXIT_GROUP == (int)SYS_EXIT_GROUP &&
                   (int)SPT_CLOCK_GETTIME == (int)SYS_CLOCK_GETTIME,
               "the guest and this filter mean the same calls");

static void allow_blocks(const struct mft *manifest, struct filter *filter)
{
    struct filter_blocks blocks[MFT_MAX_ENTRIES];
    size_t count = 0;

    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type != MFT_BLOCK_BASIC || !entry->attached)
            continue;
        blocks[count++] = (struct filter_blocks){
            .fd = (int)entry->host,
            .size = entry->u.block.block_size,
            .last = entry->u.block.capacity - entry->u.block.block_size,
        };
    }
    filter_allow_blocks(filter, blocks, count);
}

static void allow_networks(const struct mft *manifest, struct filter *filter)
{
    int fds[MFT_MAX_ENTRIES] = {0};

    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type == MFT_NET_BASIC && entry->attached)
            fds[i] = (int)entry->host;
    }
    filter_allow_fds(filter, SYS_READ, fds, MFT_MAX_ENTRIES);
    filter_allow_fds(filter, SYS_WRITE, fds, MFT_MAX_ENTRIES);
}

struct filter_program guest_filter(const struct guest *guest, struct filter *filter)
{
    static const struct filter_argument clocks = {0, CLOCK_REALTIME, CLOCK_MONOTONIC};

    filter_start(filter);
    if (guest->has_parent)
        filter_allow_call(filter, SPT_CALL);
    allow_blocks(guest->manifest, filter);
    filter_rest(filter);
    allow_networks(guest->manifest, filter);
    filter_allow_fd(filter, SYS_EPOLL_PWAIT, guest->events);
    filter_allow_fd(filter, SYS_TIMERFD_SETTIME, guest->timer);
    filter_allow_fd(filter, SYS_WRITE, STDOUT);
    filter_allow(filter, SYS_CLOCK_GETTIME, &clocks, 1);
    filter_allow(filter, SYS_EXIT_GROUP, NULL, 0);

    const struct filter_program program = filter_finish(filter);
    if (program.size == 0)
        fail("too many devices for one filter of system calls");
    return program;
}
