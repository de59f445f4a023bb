/* SPDX-License-Identifier: MIT */
/* Answers as many pings as its argument says. */
#include "../ping.h"

int solo5_app_main(const struct solo5_start_info *start)
{
    static struct port port;
    static uint8_t frame[2 * FRAME_MAX];
    solo5_handle_t other = 77;
    struct solo5_net_info info = {.mtu = 5};
    size_t size = 6;

    port_open(&port, "uplink", 0);
    EXPECT(solo5_net_acquire("uplink", &other, &info) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_acquire("nobody", &other, &info) == SOLO5_R_EINVAL);
    EXPECT(other == 77 && info.mtu == 5);
    EXPECT(solo5_net_write(2, frame, 60) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_read(0, frame, sizeof(frame), &size) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_read(UINT64_MAX, frame, sizeof(frame), &size) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_write(port.handle, frame, port.info.mtu + SOLO5_NET_HLEN + 1) ==
           SOLO5_R_EINVAL);
    EXPECT(size == 6);
    return ports_run(&port, 1, start->cmdline);
}
