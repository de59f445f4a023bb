/* SPDX-License-Identifier: MIT */
/* Says its network's MTU, which the tap decides. */
#include "../expect.h"

int solo5_app_main(const struct solo5_start_info *start)
{
    solo5_handle_t handle;
    struct solo5_net_info info;

    (void)start;
    EXPECT(solo5_net_acquire("uplink", &handle, &info) == SOLO5_R_OK);
    say("MTU is %lu\nSUCCESS\n", info.mtu);
    return SOLO5_EXIT_SUCCESS;
}
