/* SPDX-License-Identifier: MIT */
/* Answers pings for as long as it runs, and keeps the number of each in a block of its own. */
#include "../ping.h"

#define NETWORK 0 /* it is 10.NETWORK.0.2 */
#define TOLD 20   /* pings between two lines */

static uint8_t written[512], back[512];

static void keep(solo5_handle_t storage, const struct solo5_block_info *info, uint32_t number)
{
    const solo5_off_t at = number * sizeof(written) % info->capacity;

    for (size_t i = 0; i < sizeof(written); i++)
        written[i] = (uint8_t)(number + NETWORK + i);
    EXPECT(solo5_block_write(storage, at, written, sizeof(written)) == SOLO5_R_OK);
    EXPECT(solo5_block_read(storage, at, back, sizeof(back)) == SOLO5_R_OK);
    EXPECT(memcmp(written, back, sizeof(written)) == 0);
}

int solo5_app_main(const struct solo5_start_info *start)
{
    static struct port port;
    solo5_handle_t storage;
    struct solo5_block_info info;
    solo5_handle_set_t ready;
    uint32_t kept = 0;

    (void)start;
    EXPECT(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK);
    EXPECT(info.block_size == sizeof(written) && info.capacity >= sizeof(written));
    port_open(&port, "uplink", NETWORK);
    say("serving\n");
    for (;;) {
        const solo5_time_t now = solo5_clock_monotonic();
        solo5_yield(now + UINT64_C(1000000000), &ready);
        EXPECT(solo5_clock_monotonic() >= now && solo5_clock_wall() > 0);
        port_serve(&port);
        while (kept < port.pings) {
            keep(storage, &info, kept);
            if (++kept % TOLD == 0)
                say("%u pings answered and kept\n", kept);
        }
    }
}
