/* SPDX-License-Identifier: MIT */
/* The tender in order: it loads a unikernel, gives up its own rights, and serves its calls. */
#include "backends/linux/sealed.h"
#include "lib/boot.h"
#include "lib/paging.h"
#include "tender/devices.h"
#include "tender/kvm.h"
#include "tender/load.h"
#include "tender/memory.h"
#include "tender/options.h"
#include "tender/report.h"
#include "tender/run.h"
#include "tender/sandbox.h"

static struct options options SEALED = {.target = "hvt", .memory_step = HVT_MEMORY_STEP};
static struct image image SEALED;
static struct host host;
static struct kvm kvm SEALED;

/* Memory of the guest, and above it what it shares, as far as addresses reach. */
static void map_memory(void)
{
    const uint64_t above = devices_shared ? devices_shared->size : 0;
    const uint64_t size = options.memory_size;

    memory_map(&host.memory, size + above > HVT_MEMORY_MAX ? HVT_MEMORY_MAX - above : size, above);
    if (devices_shared)
        devices_shared->map(&host, (void *)(host.memory.base + host.memory.size));
}

static void fill_memory(void)
{
    const struct boot boot = {
        .memory_size = host.memory.size,
        .kernel_end = image.plan.kernel_end,
        .counter_frequency = kvm_counter_frequency(),
        .ring = devices_shared ? host.memory.size : 0,
        .manifest = &image.notes.u.manifest,
        .words = options.words,
        .word_count = options.word_count,
    };

    load_copy(&image, &host.memory);
    if (!paging_write((void *)host.memory.base, host.memory.size + host.memory.above, &image.plan))
        fail("%s: its text is in too many places", image.path);
    if (!boot_write((void *)host.memory.base, &boot))
        fail("the guest's command line is longer than %d characters", HVT_CMDLINE_SIZE - 1);
    memory_protect(&host.memory, &image.plan);
}

static void allow_run(struct filter *filter, bool exactly)
{
    kvm_allow(&kvm, filter, exactly);
}

int run(int argc, char **argv)
{
    report_signals();
    options_read(&options, argc, argv);
    sandbox_prepare();
    load_check(&image, options.kernel, HVT_ABI_TARGET, options.memory_size);
    devices_attach(&image.notes.u.manifest, &host);
    host.manifest = &image.notes.u.manifest;
    map_memory();
    fill_memory();
    kvm_open(&kvm, &host.memory, &image.plan);
    sandbox_enter(allow_run);
    return kvm_serve(&kvm, &host);
}
