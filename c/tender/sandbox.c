/* SPDX-License-Identifier: MIT */
/* What the tender gives up before the guest's first instruction. */
#include "tender/sandbox.h"

#include "backends/linux/backend.h"
#include "tender/devices.h"
#include "tender/inherit.h"
#include "tender/landlock.h"
#include "tender/report.h"
#include "tender/seal.h"
#include "tender/tell.h"
#include "tender/user.h"

enum { STDIN = 0, STDOUT = 1, STDERR = 2 };
enum { F_DUPFD = 0 }; /* asm-generic/fcntl.h */

/* asm-generic/resource.h */
enum {
    RLIMIT_FSIZE = 1,
    RLIMIT_CORE = 4,
    RLIMIT_NPROC = 6,
    RLIMIT_NOFILE = 7,
    RLIMIT_MEMLOCK = 8,
};

#define READ_IMPLIES_EXEC  0x0400000L /* include/uapi/linux/personality.h */
#define ASK_PERSONALITY    0xffffffffL
#define CAPABILITY_VERSION 0x20080522u /* include/uapi/linux/capability.h, version 3 */

void sandbox_prepare(void)
{
    inherit_close();
    for (const struct linux_backend *const *it = linux_backends; it < linux_backends_end; it++) {
        if ((*it)->open)
            (*it)->open();
    }
}

static void must(long result, const char *what)
{
    if (result < 0)
        fail("sandbox: %s: %s", what, sys_error_text(result));
}

static void drop_capabilities(void)
{
    static const struct {
        uint32_t version;
        int32_t process;
    } header = {CAPABILITY_VERSION, 0};
    static const uint32_t none[6]; /* effective, permitted, inheritable; twice 32 */

    must(sys_call3(SYS_CAPSET, (long)(uintptr_t)&header, (long)(uintptr_t)none, 0),
         "dropping capabilities");
}

static void limit(int what, uint64_t most)
{
    const uint64_t both[2] = {most, most}; /* soft, hard */

    must(sys_call6(SYS_PRLIMIT64, 0, what, (long)(uintptr_t)both, 0, 0, 0), "setting a limit");
}

/* No descriptor is below the limit that is not taken: none can be opened. Not 0, under which Linux
 * refuses to wait for one (ppoll, console.c). */
static void keep_descriptors(void)
{
    sys_close(STDIN);
    if (sys_call3(SYS_FCNTL, STDOUT, F_DUPFD, STDIN) != STDIN)
        sys_call3(SYS_FCNTL, STDERR, F_DUPFD, STDIN);
    limit(RLIMIT_NOFILE, 1);
}

/* Whether an output is of such a kind; and whether one is like a file, so that it can be read or
 * written at a place. */
static bool outputs_regular, outputs_device, outputs_placed;

/* Linux refuses that before it looks at anything else, if (fd) is a terminal. */
static bool has_place(int fd, uint32_t kind)
{
    if (kind == SYS_KIND_PIPE || kind == SYS_KIND_SOCKET)
        return false;
    return kind != SYS_KIND_CHARACTER || sys_pread(fd, NULL, 0, 0) != SYS_ESPIPE;
}

static void look_at_outputs(void)
{
    struct sys_stat status;

    for (int fd = STDOUT; fd <= STDERR; fd++) {
        const long result = sys_fstat(fd, &status);
        const uint32_t kind = result == 0 ? status.mode & SYS_KIND_MASK : SYS_KIND_CHARACTER;
        outputs_device |= kind == SYS_KIND_CHARACTER || kind == SYS_KIND_BLOCK;
        outputs_regular |= kind == SYS_KIND_REGULAR;
        outputs_placed |= has_place(fd, kind);
    }
}

/* No file grows beyond the largest disk, unless one is the guest's console. */
static void limit_files(void)
{
    uint64_t largest = 0;

    if (outputs_regular)
        return;
    for (const struct linux_backend *const *it = linux_backends; it < linux_backends_end; it++) {
        const uint64_t size = (*it)->file_size ? (*it)->file_size() : 0;
        largest = size > largest ? size : largest;
    }
    limit(RLIMIT_FSIZE, largest);
}

static long landlock; /* its version */

void sandbox_tell(const char *whose, struct filter_program program)
{
    tell(whose, program, landlock);
}

void sandbox_drop_rights(void)
{
    static bool dropped;

    if (dropped)
        return;
    must(filter_no_new_privileges(), "giving up new privileges");
    landlock = landlock_enter();
    must(landlock, "closing the way to files");
    user_drop();
    drop_capabilities();
    dropped = true;
}

void sandbox_give_up(void)
{
    if (sys_call3(SYS_PERSONALITY, ASK_PERSONALITY, 0, 0) & READ_IMPLIES_EXEC)
        fail("sandbox: readable memory would be executable here: start without setarch -X");
    limit(RLIMIT_CORE, 0); /* a core would hold the guest's memory */
    sandbox_drop_rights();
    if (devices_shared)
        devices_shared->start(); /* its thread keeps no right that was dropped here */
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_MEMLOCK, 0);
    look_at_outputs();
    limit_files();
    keep_descriptors();
}

void sandbox_enter(void (*begin)(struct filter *filter, bool exactly))
{
    static struct filter filter;
    static const struct filter_argument writes[] = {{0, STDERR, STDERR}};

    sandbox_give_up();
    /* All that is left to make an ioctl on is the guest's own: its vCPU, its lines. Unless our
     * output is a device: a terminal would take it for keys typed by the operator. */
    begin(&filter, outputs_device);
    /* Of the rest that is open only what was granted is like a file: the others are of the kinds
     * that take no place (vCPU, lines, sets of events, timers), or a tap, where a place has no
     * meaning and reading and writing is granted. */
    filter.placed_anywhere = !outputs_placed;
    for (const struct linux_backend *const *it = linux_backends; it < linux_backends_end; it++) {
        if ((*it)->allow)
            (*it)->allow(&filter);
    }
    filter_allow(&filter, SYS_WRITE, writes, 1);
    filter_allow(&filter, SYS_EXIT_GROUP, NULL, 0);
    const struct filter_program program = filter_finish(&filter);
    sandbox_tell("tender", program);
    must(seal(), "sealing memory");
    must(filter_enter(program), "installing the filter of system calls");
}
