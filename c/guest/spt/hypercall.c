/* SPDX-License-Identifier: MIT */
/* A call on spt: Solo5's own are system calls, as its ABI has them; the rest the parent serves. */
#include "guest/hypercall.h"

#include "abi/manifest.h"
#include "abi_block.h"
#include "abi_clock.h"
#include "abi_console.h"
#include "abi_halt.h"
#include "abi_net.h"
#include "abi_poll.h"
#include "guest/spt/poll.h"
#include "guest/spt/start.h"
#include "guest/spt/svc.h"

#define SECOND      UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

enum { CLOCK_REALTIME = 0, STDOUT = 1 };

static bool has_parent(void)
{
    /* A tender that is not rpikit's puts the manifest where our fields would be. */
    return spt_boot->manifest - (uintptr_t)spt_boot >= sizeof(*spt_boot) &&
           (spt_boot->features & SPT_HAS_CALLS);
}

static void ask_parent(uint32_t number, void *args)
{
    svc(SPT_CALL, (long)number, (long)(uintptr_t)args, 0, 0, 0);
}

/* The descriptor of an attached device: who calls has looked with acquired(). */
static inline long descriptor(uint64_t handle)
{
    const struct mft *manifest = (const struct mft *)(uintptr_t)spt_boot->manifest;

    return (int32_t)manifest->e[handle].host;
}

/* Each call has a function of its own, so that hypercall() is a jump and saves no register. */
#define ALONE __attribute__((noinline))

static ALONE void tell_time(struct clock_walltime_args *args)
{
    struct {
        uint64_t seconds, nanoseconds;
    } now = {0, 0};

    svc2(SPT_CLOCK_GETTIME, CLOCK_REALTIME, (long)(uintptr_t)&now);
    args->ns = now.seconds * SECOND + now.nanoseconds;
}

static ALONE void put(const struct console_puts_args *args)
{
    uint64_t at = args->data, left = args->len, ready;

    while (left > 0) {
        const long written = svc(SPT_WRITE, STDOUT, (long)at, (long)left, 0, 0);
        if (written > 0) {
            at += (uint64_t)written;
            left -= (uint64_t)written;
        } else if (written == SVC_EAGAIN) {
            poll_events(MILLISECOND, &ready); /* the console is somebody else's, too, and full */
        } else if (written != SVC_EINTR) {
            return;
        }
    }
}

static ALONE void wait(struct poll_wait_args *args)
{
    uint64_t ready = 0;

    if (has_parent()) {
        ask_parent(CALL_POLL_WAIT, args); /* it knows the devices that a call of ours waits for */
        return;
    }
    args->count = poll_events(args->timeout, &ready);
    args->ready = ready;
}

/* Reading and writing a block have the same arguments in the same places. */
_Static_assert(sizeof(struct block_read_args) == sizeof(struct block_write_args), "block.toml");
_Static_assert(offsetof(struct block_read_args, len) == offsetof(struct block_write_args, len),
               "block.toml");

static ALONE void move_block(enum spt_system_call number, struct block_read_args *args)
{
    const long fd = descriptor(args->handle);
    long done;

    do {
        done = svc(number, fd, (long)args->data, (long)args->len, (long)args->offset, 0);
    } while (done == SVC_EINTR);
    /* Not the rest of a transfer that was broken off: the filter lets whole blocks through. */
    args->result = done >= 0 && (uint64_t)done == args->len ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

static ALONE void send(struct net_write_args *args)
{
    const long fd = descriptor(args->handle);
    const long done = svc(SPT_WRITE, fd, (long)args->data, (long)args->len, 0, 0);

    args->result = SOLO5_R_EINVAL;
    if (done >= 0 && (uint64_t)done == args->len)
        args->result = SOLO5_R_OK;
    else if (done == SVC_EAGAIN || done == SVC_ENOBUFS)
        args->result = SOLO5_R_AGAIN;
    else if (done != SVC_EINVAL)
        args->result = SOLO5_R_EUNSPEC;
}

static ALONE void receive(struct net_read_args *args)
{
    const long fd = descriptor(args->handle);
    const long done = svc(SPT_READ, fd, (long)args->data, (long)args->len, 0, 0);

    if (done > 0) {
        args->len = (uint64_t)done;
        args->result = SOLO5_R_OK;
    } else {
        args->result = done == 0 || done == SVC_EAGAIN || done == SVC_EINTR ? SOLO5_R_AGAIN
                                                                            : SOLO5_R_EUNSPEC;
    }
}

void hypercall(uint32_t number, const volatile void *args)
{
    void *const at = (void *)(uintptr_t)args; /* the host writes to it, and here that is us */

    /* What is called most comes before the table. */
    if (number == CALL_BLOCK_WRITE) {
        move_block(SPT_PWRITE64, at);
        return;
    }
    if (number == CALL_BLOCK_READ) {
        move_block(SPT_PREAD64, at);
        return;
    }
    if (number == CALL_CLOCK_WALLTIME) {
        tell_time(at);
        return;
    }
    switch (number) {
    case CALL_CONSOLE_PUTS:
        put(at);
        return;
    case CALL_POLL_WAIT:
        wait(at);
        return;
    case CALL_NET_WRITE:
        send(at);
        return;
    case CALL_NET_READ:
        receive(at);
        return;
    case CALL_HALT_GUEST:
        svc(SPT_EXIT_GROUP, ((const struct halt_guest_args *)at)->status & 0xff, 0, 0, 0, 0);
        return;
    default:
        ask_parent(number, at);
    }
}
