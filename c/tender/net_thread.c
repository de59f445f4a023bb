/* SPDX-License-Identifier: MIT */
/* Serves the network ring beside the guest, in a thread of its own. */
#include "abi/boot_info.h"
#include "abi/call.h"
#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"
#include "devices/net_ring.h"
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/kvm_abi.h"
#include "tender/report.h"

#define SPINS      4096  /* rounds without work before it sleeps */
#define STACK_SIZE 16384 /* bytes */

/* include/uapi/linux/sched.h: a thread of this process. */
#define CLONE_THREAD 0x00050f00L
enum { SIG_SETMASK = 2, EFD_CLOEXEC = SYS_O_CLOEXEC };

static struct net_ring_side side;
static int bell SEALED; /* rung by the guest's kick, in the kernel */
static uint8_t stack[STACK_SIZE] __attribute__((aligned(16)));

/* Until nothing has come for a while. */
static void serve(void)
{
    for (uint32_t idle = 0; idle < SPINS; idle++) {
        const enum net_ring_outcome outcome = net_ring_serve(&side);
        if (outcome == NET_RING_FAULT)
            fail("Invalid guest access in the network ring: submission %u", side.head);
        if (outcome == NET_RING_SERVED)
            idle = 0;
        __asm__ volatile("yield");
    }
}

static void run(void) __attribute__((noreturn));

static void run(void)
{
    uint64_t rings;

    for (;;) {
        side.ring->needs_kick = 0;
        serve();
        side.ring->needs_kick = 1;
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* tell first, then look again */
        if (!net_ring_waits(&side))
            sys_read(bell, &rings, sizeof(rings));
    }
}

/* Starts run() in a thread; returns its number or an error. */
static long start_thread(void)
{
    register long x8 __asm__("x8") = SYS_CLONE;
    register long x0 __asm__("x0") = CLONE_THREAD;
    register long x1 __asm__("x1") = (long)(uintptr_t)(stack + sizeof(stack));
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register long x9 __asm__("x9") = (long)(uintptr_t)run;

    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x30, xzr\n\t"
                     "br x9\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9)
                     : "memory", "cc");
    return x0;
}

static void start(void)
{
    const uint64_t all = ~UINT64_C(0);
    uint64_t before;

    /* Signals are the first thread's. */
    sys_call6(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)(uintptr_t)&all, (long)(uintptr_t)&before,
              sizeof(all), 0, 0);
    const long made = start_thread();
    sys_call6(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)(uintptr_t)&before, 0, sizeof(before), 0, 0);
    if (made < 0)
        fail("network ring: starting its thread: %s", sys_error_text(made));
}

static void map(struct host *host, void *at)
{
    side.host = host;
    side.ring = at;
}

static void machine(int vm)
{
    const long made = sys_call3(SYS_EVENTFD2, 0, EFD_CLOEXEC, 0);
    struct kvm_ioeventfd kick = {
        .address = HVT_CALL_ADDRESS(NET_RING_KICK),
        .size = 4,
        .fd = (int32_t)made,
    };

    if (made < 0)
        fail("network ring: %s", sys_error_text(made));
    bell = (int)made;
    const long result = sys_ioctl(vm, KVM_IOEVENTFD, &kick);
    if (result < 0)
        fail("network ring: %s; do without it by --no-net-ring", sys_error_text(result));
}

/* What was submitted last shall go out, kicked or not. */
static void finish(void)
{
    const uint64_t once = 1;
    const uint32_t tail = side.ring->tail;

    sys_write(bell, &once, sizeof(once));
    while (__atomic_load_n(&side.head, __ATOMIC_RELAXED) != tail)
        __asm__ volatile("yield");
}

static void allow(struct filter *filter)
{
    if (bell) {
        filter_allow_fd(filter, SYS_READ, bell);
        filter_allow_fd(filter, SYS_WRITE, bell);
    }
}

static const struct linux_backend thread = {.allow = allow};
LINUX_BACKEND(thread);

static bool without_ring;

static bool option(const char *word)
{
    if (strcmp(word, "--no-net-ring") != 0)
        return false;
    without_ring = true;
    return true;
}

static void attach(struct mft *manifest, struct host *host)
{
    static const struct devices_shared ring = {
        .size = HVT_MEMORY_STEP,
        .map = map,
        .machine = machine,
        .start = start,
        .finish = finish,
    };

    _Static_assert(sizeof(struct net_ring) <= HVT_MEMORY_STEP, "the ring fits");
    (void)host;
    for (uint32_t i = 1; i < manifest->entries; i++) {
        if (manifest->e[i].type == MFT_NET_BASIC && !without_ring)
            devices_shared = &ring;
    }
}

static const struct device net_ring = {
    .usage =
        "  --no-net-ring  frames go by calls, not through memory that is shared with the guest\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(net_ring);
