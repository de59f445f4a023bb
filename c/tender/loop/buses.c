/* SPDX-License-Identifier: MIT */
/* Says where what is on the buses of this machine is: --buses=FOLDER. */
#include <stddef.h>

#include "backends/host/buses.h"
#include "tender/devices.h"
#include "tender/options.h"

static bool option(const char *word)
{
    const char *value = options_after(word, "--buses=");

    if (value)
        host_buses = value;
    return value != NULL;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)manifest;
    (void)host;
}

static const struct device buses = {
    .usage = "  --buses=FOLDER\n"
             "                 the files that are the devices on buses (none is on any)\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(buses);
