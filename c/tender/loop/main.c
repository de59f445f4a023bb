/* SPDX-License-Identifier: MIT */
/* The tender for the developer's own machine, in order: it loads a unikernel into itself. */
#include <unistd.h>

#include "abi/boot_info.h"
#include "backends/linux/backend.h"
#include "backends/linux/vdso.h"
#include "lib/boot.h"
#include "tender/devices.h"
#include "tender/loop/life.h"
#include "tender/loop/load.h"
#include "tender/loop/run.h"
#include "tender/options.h"
#include "tender/report.h"

static struct options options = {.target = "loop", .memory_step = HVT_MEMORY_STEP};
static struct host host;
static char cmdline[HVT_CMDLINE_SIZE];

static void open_backends(void)
{
    for (const struct linux_backend *const *it = linux_backends; it < linux_backends_end; it++) {
        if ((*it)->open)
            (*it)->open();
    }
}

int main(int argc, char **argv, char **environment)
{
    while (*environment)
        environment++;
    auxiliary_vector = (const uint64_t *)(environment + 1);

    report_signals();
    life_guard();
    open_backends();
    options_read(&options, argc, argv);
    const struct loop_image image = loop_load(options.kernel);
    devices_attach(image.manifest, &host);
    host.manifest = image.manifest;
    if (!boot_join(cmdline, options.words, options.word_count))
        fail("the guest's command line is longer than %d characters", HVT_CMDLINE_SIZE - 1);
    close(STDIN_FILENO);
    /* What the board keeps below the program, the guest has not here either. */
    leave(loop_run(&host, image.entry, cmdline, options.memory_size - HVT_GUEST_MIN));
}
