/* SPDX-License-Identifier: MIT */
/* The tender of spt in order: it loads a unikernel, and leaves it alone in a process of Linux. */
#include "abi/boot_info.h"
#include "abi/spt.h"
#include "backends/linux/sealed.h"
#include "tender/devices.h"
#include "tender/load.h"
#include "tender/options.h"
#include "tender/report.h"
#include "tender/run.h"
#include "tender/sandbox.h"
#include "tender/spt/guest.h"
#include "tender/spt/world.h"

#define MIB UINT64_C(0x100000)

static struct options options = {.target = "spt", .memory_step = MIB};
static struct image image SEALED;
static struct host host;
static struct guest guest SEALED;

int run(int argc, char **argv)
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
