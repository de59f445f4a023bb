/* SPDX-License-Identifier: MIT */
/* The five steps of the LED work: claim, light, darken, blink, give back. */
#include <solo5.h>
#include <solo5_led.h>

#include "apps/say.h"
#include "devices.h"

#define BLINKS  3
#define HALF_NS UINT64_C(50000000) /* time lit, and time dark */

static bool went(const char *step, solo5_result_t result)
{
    if (result == SOLO5_R_OK) {
        say("led %s\n", step);
        return true;
    }
    say("FAILURE: led %s on pin %u: result %d\n", step, PIN_LAMP, (int)result);
    return false;
}

static bool blink(void)
{
    for (unsigned int i = 0; i < BLINKS; i++) {
        if (!went("on", solo5_led_on(PIN_LAMP)))
            return false;
        solo5_yield(solo5_clock_monotonic() + HALF_NS, NULL);
        if (!went("off", solo5_led_off(PIN_LAMP)))
            return false;
        solo5_yield(solo5_clock_monotonic() + HALF_NS, NULL);
    }
    return true;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    if (!went("init", solo5_led_init(PIN_LAMP)) || !went("on", solo5_led_on(PIN_LAMP)) ||
        !went("off", solo5_led_off(PIN_LAMP)) || !blink() ||
        !went("finalize", solo5_led_finalize(PIN_LAMP)))
        return SOLO5_EXIT_FAILURE;
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
