/* SPDX-License-Identifier: MIT */
/* At the end, however the guest ended, tells the operator what failed and what was refused. */
#include "backends/linux/backend.h"
#include "backends/linux/sys.h"
#include "tender/devices.h"
#include "tender/report.h"

static void sum_up(void)
{
    for (const struct device *const *it = devices; it < devices_end; it++) {
        const struct failures *failures = (*it)->failures;
        if (failures && failures->count > 0)
            report("%llu %s %s: %s", (unsigned long long)failures->count, (*it)->failed,
                   devices_declared->e[failures->handle].name,
                   failures->error ? sys_error_text(failures->error) : "it has become shorter");
        if ((*it)->refused && *(*it)->refused > 0)
            report("%llu calls refused: line not granted",
                   (unsigned long long)*(*it)->refused);
    }
}

static const struct linux_backend sums = {.close = sum_up};
LINUX_BACKEND(sums);
