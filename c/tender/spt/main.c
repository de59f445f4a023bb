/* SPDX-License-Identifier: MIT */
/* The tender of spt in order: it loads a unikernel, and leaves it alone in a process of Linux. */
#include "abi/boot_info.h"
#include "abi/spt.h"
#include "backends/linux/vdso.h"
#include "tender/devices.h"
#include "tender/load.h"
#include "tender/options.h"
#include "tender/report.h"
#include "tender/sandbox.h"
#include "tender/spt/guest.h"
#include "tender/spt/world.h"

#define MIB UINT64_C(0x100000)

static struct options options = {.target = "spt", .memory_step = MIB};
static struct image image;
static struct host host;
static struct guest guest;

static int run(int argc, char **argv)
{
    report_signals();
    options_read(&options, argc, argv);
    sandbox_prepare();
    load_check(&image, options.kernel, SPT_ABI_TARGET, options.memory_size);
    devices_attach(&image.notes.u.manifest, &host);
    host.manifest = &image.notes.u.manifest;
    world_map(&host.memory, options.memory_size);
    load_copy(&image, &host.memory);
    guest = (struct guest){
        .plan = &image.plan,
        .manifest = host.manifest,
        .memory_size = options.memory_size,
        .has_parent = world_has_parent,
    };
    guest_open_events(&guest);
    guest_write_boot(&guest, &host.memory, options.words, options.word_count);
    return world_run(&guest, &host);
}

void start(uint64_t *stack) __attribute__((noreturn));

/* Called by start.S with the stack as Linux left it. */
void start(uint64_t *stack)
{
    char **argv = (char **)(stack + 1), **end = argv + stack[0] + 1;

    __asm__ volatile(".cfi_undefined 30"); /* nobody called: a debugger's backtrace ends here */
    while (*end)
        end++; /* the environment */
    auxiliary_vector = (const uint64_t *)(end + 1);
    leave(run((int)stack[0], argv));
}
