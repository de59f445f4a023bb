/* SPDX-License-Identifier: MIT */
/* Serves the calls of a guest in a child process: system calls that the kernel hands to us. */
#include "tender/spt/parent/serve.h"

#include "abi/spt.h"
#include "backends/linux/guest_clock.h"
#include "backends/linux/sealed.h"
#include "backends/linux/sys.h"
#include "lib/counter.h"
#include "lib/string.h"
#include "tender/report.h"
#include "tender/sandbox.h"

/* include/uapi/linux/seccomp.h */
struct request {
    uint64_t id;
    uint32_t process, flags;
    int32_t number;
    uint32_t arch;
    uint64_t pc, arguments[6];
};

struct answer {
    uint64_t id;
    int64_t value;
    int32_t error;
    uint32_t flags;
};

_Static_assert(sizeof(struct request) == 80, "seccomp.h: struct seccomp_notif");
_Static_assert(sizeof(struct answer) == 24, "seccomp.h: struct seccomp_notif_resp");

#define RECEIVE   0xc0502100u /* SECCOMP_IOCTL_NOTIF_RECV */
#define SEND      0xc0182101u /* SECCOMP_IOCTL_NOTIF_SEND */
#define SET_FLAGS 0x40082104u /* SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6 */

static int listener SEALED;

static uint64_t counter_now(void)
{
    static uint64_t scale;
    uint64_t ticks, frequency;

    if (scale == 0) {
        __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
        scale = clock_scale(frequency);
    }
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return clock_nanoseconds(ticks, scale);
}

int serve_open(void)
{
    const long got = filter_listen(SPT_CALL);

    if (got == SYS_EINVAL || got == SYS_ENOSYS)
        fail("this kernel cannot hand over a guest's calls: devices of rpikit need Linux 5.0 or "
             "newer on spt");
    if (got < 0)
        fail("listening to the guest's calls: %s", sys_error_text(got));
    return (int)got;
}

static void allow_serving(struct filter *filter, bool exactly)
{
    const uint32_t fd = (uint32_t)listener;
    const struct filter_argument receives[] = {{1, RECEIVE, RECEIVE}, {0, fd, fd}};

    filter_begin(filter, SYS_IOCTL, receives, exactly ? 2 : 0);
    filter_allow_ioctl(filter, listener, listener, SEND);
}

static void answer(uint64_t id)
{
    const struct answer done = {.id = id};

    sys_ioctl(listener, SEND, &done); /* fails if the guest was killed, which we hear of */
}

int serve(struct host *host, int calls)
{
    listener = calls;
    sys_call3(SYS_IOCTL, listener, SET_FLAGS, 1); /* wakes the guest on the core that answers */
    guest_clock_now = counter_now;
    sandbox_enter(allow_serving);
    for (;;) {
        struct request request;

        memset(&request, 0, sizeof(request));
        const long got = sys_ioctl(listener, RECEIVE, &request);
        if (got == SYS_EINTR || got == SYS_ENOENT)
            continue; /* stopped and continued, or the guest was killed, which we hear of */
        if (got < 0)
            fail("hearing the guest's calls: %s", sys_error_text(got));
        const uint32_t number = (uint32_t)request.arguments[0];
        const struct guest_addr at = {request.arguments[1]};
        const enum call_outcome outcome = dispatch(host, number, at);
        if (outcome == CALL_UNKNOWN)
            fail("Invalid guest hypercall: num=%u", number);
        if (outcome != CALL_DONE)
            fail("Invalid guest access in hypercall: num=%u: pc=0x%llx", number,
                 (unsigned long long)request.pc);
        if (host->halted)
            return host->status;
        answer(request.id);
    }
}
