/* SPDX-License-Identifier: MIT */
/* The guest's clock: right at the counters of all boards, and across gaps of any length. */
#include "check.h"

#include "guest/hvt/clock.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE UINT64_C(60)
#define HOUR   UINT64_C(3600)
#define DAY    (24 * HOUR)

static const uint64_t frequencies[] = {
    19200000, /* Pi 3, Zero 2 W */
    54000000, /* Pi 4 */
    62500000, /* QEMU */
};

static void seconds_come_out_right_after(uint64_t seconds, uint64_t loss_ns)
{
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
        const uint64_t scale = clock_scale(frequencies[i]);
        const uint64_t ns = clock_nanoseconds(seconds * frequencies[i], scale);
        CHECK(ns <= seconds * SECOND);
        CHECK(seconds * SECOND - ns <= loss_ns);
    }
}

/* Upstream's clock loses minutes here: at 62.5 MHz after 137 s, at 19.2 MHz after 275 s. */
static void no_gap_is_too_long(void)
{
    seconds_come_out_right_after(1, 1);
    seconds_come_out_right_after(138, 3);
    seconds_come_out_right_after(276, 5);
    seconds_come_out_right_after(HOUR, HOUR / MINUTE);
    seconds_come_out_right_after(100 * DAY, 100 * DAY / MINUTE);
}

static void it_never_goes_back(void)
{
    const uint64_t scale = clock_scale(frequencies[0]);
    uint64_t last = 0;

    for (uint64_t ticks = HOUR * frequencies[0]; ticks < HOUR * frequencies[0] + 100000; ticks++) {
        const uint64_t now = clock_nanoseconds(ticks, scale);
        CHECK(now >= last);
        last = now;
    }
}

int main(void)
{
    no_gap_is_too_long();
    it_never_goes_back();
    return 0;
}
