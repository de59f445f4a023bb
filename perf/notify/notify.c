/* SPDX-License-Identifier: MIT */
/* What it costs to have a system call answered by another process on the same core, as the calls of
 * an spt guest are that Linux does not serve itself: prints "notify N". */
#include "probe.h"

#define RECEIVE 0xc0502100u /* SECCOMP_IOCTL_NOTIF_RECV: include/uapi/linux/seccomp.h */
#define SEND    0xc0182101u /* SECCOMP_IOCTL_NOTIF_SEND */

enum { FLAG_NEW_LISTENER = 8, SIGNAL_CHLD = 17 };

/* struct seccomp_notif and seccomp_notif_resp: include/uapi/linux/seccomp.h. */
struct request {
    uint64_t id, rest[9];
};

struct answer {
    uint64_t id, rest[2];
};

_Static_assert(sizeof(struct request) == (RECEIVE >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct answer) == (SEND >> 16 & 0x3fff), "uAPI");

static int listen(void)
{
    static const struct probe_step steps[] = {
        {PROBE_LOAD, 0, 0, 0},
        {PROBE_IF_EQUAL, 0, 1, PROBE_NONE},
        {PROBE_RETURN, 0, 0, PROBE_ASK},
        {PROBE_RETURN, 0, 0, PROBE_ALLOW},
    };
    static const struct probe_program program = {sizeof(steps) / sizeof(steps[0]), steps};

    return (int)probe_enter(&program, FLAG_NEW_LISTENER);
}

static void ask(void)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int round = 0; round < PROBE_ROUNDS; round++) {
        const uint64_t begin = probe_now();
        for (unsigned int i = 0; i < PROBE_COUNT; i++)
            probe_must(sys_call3((enum sys_number)PROBE_NONE, 0, 0, 0), "asking");
        const uint64_t took = (probe_now() - begin) / PROBE_COUNT;
        least = took < least ? took : least;
    }
    probe_result("notify", least);
    probe_leave(0);
}

void start(uint64_t *stack)
{
    const int listener = listen();
    struct request request;

    (void)stack;
    const long child =
        probe_must(sys_call6((enum sys_number)PROBE_CLONE, SIGNAL_CHLD, 0, 0, 0, 0, 0), "fork");
    if (child == 0)
        ask();
    for (unsigned int i = 0; i < PROBE_ROUNDS * PROBE_COUNT; i++) {
        memset(&request, 0, sizeof(request));
        probe_must(sys_ioctl(listener, RECEIVE, &request), "hearing");
        const struct answer answer = {.id = request.id};
        probe_must(sys_ioctl(listener, SEND, &answer), "answering");
    }
    sys_call6((enum sys_number)PROBE_WAIT4, child, 0, 0, 0, 0, 0);
    probe_leave(0);
}
