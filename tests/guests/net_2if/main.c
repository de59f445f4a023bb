/* SPDX-License-Identifier: MIT */
/* Answers pings on two networks at once. */
#include "../ping.h"

int solo5_app_main(const struct solo5_start_info *start)
{
    static struct port ports[2];

    port_open(&ports[0], "left", 0);
    port_open(&ports[1], "right", 1);
    EXPECT(ports[0].handle != ports[1].handle);
    return ports_run(ports, 2, start->cmdline);
}
