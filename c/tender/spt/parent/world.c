/* SPDX-License-Identifier: MIT */
/* A guest with devices of ours: a child is the guest, and this process serves its calls. */
#include "tender/spt/world.h"

#include "abi/spt.h"
#include "backends/linux/sys.h"
#include "tender/inherit.h"
#include "tender/memory.h"
#include "tender/report.h"
#include "tender/sandbox.h"
#include "tender/spt/parent/serve.h"

/* include/uapi/asm-generic/mman*.h, linux/memfd.h, linux/prctl.h */
enum { PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 0x1, MAP_FIXED = 0x10, MAP_NORESERVE = 0x4000 };
enum { MFD_CLOEXEC = 1, PR_SET_PDEATHSIG = 1, SIGKILL = 9, SIGCHLD = 17 };
enum { EXITED = 1, KILLED = 2, DUMPED = 3 }; /* asm-generic/siginfo.h, CLD_... */
enum { SIGNALLED = 128 }; /* and the signal's number, as shells have it */

const bool world_has_parent = true;

static int memory_fd;

static long must(long result, const char *what)
{
    if (result < 0)
        fail("%s: %s", what, sys_error_text(result));
    return result;
}

/* Maps guest memory from guest address (from) on at (at), or anywhere if that is 0. */
static uintptr_t map(uint64_t at, uint64_t from, uint64_t size)
{
    const long flags = MAP_SHARED | MAP_NORESERVE | (at ? MAP_FIXED : 0);
    const long got = sys_call6(SYS_MMAP, (long)at, (long)(size - from), PROT_READ | PROT_WRITE,
                               flags, memory_fd, (long)from);

    if (at && (got == SYS_EPERM || got == SYS_EACCES))
        fail("Error allocating guest memory: %s: vm.mmap_min_addr has to be 65536 or less",
             sys_error_text(got));
    return (uintptr_t)must(got, "Error allocating guest memory");
}

void world_map(struct guest_memory *memory, uint64_t size)
{
    memory_fd = (int)must(
        sys_call3(SYS_MEMFD_CREATE, (long)(uintptr_t) "guest", MFD_CLOEXEC, 0), "guest memory");
    must(sys_call3(SYS_FTRUNCATE, memory_fd, (long)size, 0), "guest memory");
    /* What lies below the guest's first address is there for us only, and holds zeros. */
    memory->base = map(0, 0, size);
    memory->size = size;
}

/* Lines and buses are the parent's: they are free again as soon as that has ended. */
static void close_the_rest(const struct guest *guest)
{
    inherit_keep(guest->events);
    inherit_keep(guest->timer);
    for (uint32_t i = 1; i < guest->manifest->entries; i++) {
        const struct mft_entry *entry = &guest->manifest->e[i];
        if (entry->attached && entry->type < MFT_RESERVED_FIRST)
            inherit_keep((int)entry->host);
    }
    inherit_close();
}

static void be_the_guest(const struct guest *guest, long parent) __attribute__((noreturn));

static void be_the_guest(const struct guest *guest, long parent)
{
    sys_call3(SYS_PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0);
    if (sys_call3(SYS_GETPPID, 0, 0, 0) != parent)
        leave(1); /* it ended before that */
    report_no_signals(true); /* they are for the parent, whom they end */
    report_children(NULL);
    map(SPT_MEMORY_AT, SPT_MEMORY_AT, guest->memory_size);
    close_the_rest(guest);
    guest_become(guest);
}

/* The guest has ended: by itself, or by a signal, such as the one for a bad access. Linux tells how
 * along with the news, so nobody has to ask; codes above 0 are the kernel's alone to send. */
static void on_end(int number, const struct signal_info *info)
{
    if (info->code == EXITED)
        leave(info->status);
    if (info->code == KILLED || info->code == DUMPED)
        leave(SIGNALLED + info->status);
    fail("Exiting on signal %d", number);
}

int world_run(const struct guest *guest, struct host *host)
{
    sandbox_drop_rights(); /* else Linux would forget that the child is to end with us */
    const int calls = serve_open();
    const long self = sys_call3(SYS_GETPID, 0, 0, 0);

    report_children(on_end);
    const long child = must(sys_call6(SYS_CLONE, SIGCHLD, 0, 0, 0, 0, 0), "starting the guest");
    if (child == 0) {
        sys_close(calls);
        be_the_guest(guest, self);
    }
    sys_close(memory_fd);
    memory_protect(&host->memory, guest->plan);
    return serve(host, calls);
}
