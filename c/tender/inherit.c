/* SPDX-License-Identifier: MIT */
/* Descriptors that the tender was started with, besides the standard three. */
#include "tender/inherit.h"

#include "backends/linux/sys.h"
#include "tender/report.h"

#define KEPT_MAX 130 /* those of 64 devices, some twice */

static int kept[KEPT_MAX]; /* in order */
static int count;

void inherit_keep(int fd)
{
    int at = count;

    if (count == KEPT_MAX)
        fail("more than %d descriptors to keep", KEPT_MAX);
    for (; at > 0 && kept[at - 1] > fd; at--)
        kept[at] = kept[at - 1];
    kept[at] = fd;
    count++;
}

/* Linux 5.9; else they stay, unusable. */
void inherit_close(void)
{
    int first = INHERIT_FIRST;

    for (int i = 0; i < count; i++) {
        if (kept[i] > first)
            sys_call3(SYS_CLOSE_RANGE, first, kept[i] - 1, 0);
        first = kept[i] + 1;
    }
    sys_call3(SYS_CLOSE_RANGE, first, ~0u, 0);
}
