/* SPDX-License-Identifier: MIT */
/* Calculates with floating point, with the intermediate values in registers across calls. */
#include "../expect.h"

static volatile double third = 1.0 / 3.0, big = 1e15;
static volatile float half = 0.5F;

int solo5_app_main(const struct solo5_start_info *info)
{
    double sum = 0.0, product = 1.0;
    float power = 1.0F;

    (void)info;
    for (unsigned int i = 0; i < 30; i++) {
        sum += third;
        product *= 2.0;
        power *= half;
        (void)solo5_clock_wall();
    }
    EXPECT(sum > 9.999999 && sum < 10.000001);
    EXPECT(product == 1073741824.0);
    EXPECT(power == 1.0F / 1073741824.0F);
    EXPECT((big + 1.0) - big == 1.0);
    EXPECT((uint64_t)(sum * 1000.0 + 0.5) == 10000);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
