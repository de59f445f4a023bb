/* SPDX-License-Identifier: MIT */
/* The one option of an spt tender that is about memory: --x-exec-heap, for guests that make code. */
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/spt/guest.h"

bool guest_heap_executes;

static bool option(const char *word)
{
    if (strcmp(word, "--x-exec-heap") != 0)
        return false;
    guest_heap_executes = true;
    return true;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)manifest;
    (void)host;
}

static const struct device heap = {
    .usage = "  --x-exec-heap  lets the guest execute what it writes: only for one that has to\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(heap);
