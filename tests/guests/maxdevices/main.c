/* SPDX-License-Identifier: MIT */
/* Uses as many devices as a manifest holds; each disk begins with its own number. */
#include "../expect.h"

#define DISKS 62

int solo5_app_main(const struct solo5_start_info *start)
{
    static uint8_t block[512];
    char name[] = "disk00";
    solo5_handle_t handle, network;
    solo5_handle_set_t seen = 0;
    struct solo5_block_info disk;
    struct solo5_net_info net;

    (void)start;
    for (uint32_t i = 0; i < DISKS; i++) {
        name[4] = (char)('0' + (i < 10 ? i : i / 10));
        name[5] = (char)(i < 10 ? '\0' : '0' + i % 10);
        EXPECT(solo5_block_acquire(name, &handle, &disk) == SOLO5_R_OK);
        EXPECT(handle > 0 && handle < 64 && !(seen >> handle & 1));
        seen |= UINT64_C(1) << handle;
        EXPECT(solo5_block_read(handle, 0, block, sizeof(block)) == SOLO5_R_OK);
        EXPECT((uint32_t)((block[0] - '0') * 10 + block[1] - '0') == i);
    }
    EXPECT(solo5_net_acquire("uplink", &network, &net) == SOLO5_R_OK);
    EXPECT(network == 63 && !(seen >> network & 1));
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
