/* SPDX-License-Identifier: MIT */
/* Tells the temperature when it changes; lights a lamp when it is hot. */
#include <solo5.h>
#include <solo5_led.h>
#include <solo5_thermometer.h>

#include "apps/say.h"
#include "devices.h"

#define PERIOD_NS UINT64_C(50000000)
#define HOT       30000 /* thousandths of a degree: the lamp goes on */
#define COOL      28000 /* below this it goes off */

static void tell(int32_t temperature)
{
    const uint32_t size = (uint32_t)(temperature < 0 ? -temperature : temperature);

    say("%s%u.%03u C\n", temperature < 0 ? "-" : "", size / 1000, size % 1000);
}

/* Shows what was measured; false if the lamp does not obey. */
static bool show(int32_t temperature)
{
    if (temperature >= HOT)
        return solo5_led_on(PIN_LAMP) == SOLO5_R_OK;
    if (temperature < COOL)
        return solo5_led_off(PIN_LAMP) == SOLO5_R_OK;
    return true;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    solo5_handle_t sensor;
    int32_t temperature, last = INT32_MIN;
    bool answered = true;

    (void)info;
    if (solo5_thermometer_acquire("sensor", &sensor) != SOLO5_R_OK ||
        solo5_led_init(PIN_LAMP) != SOLO5_R_OK) {
        say("FAILURE: no sensor or no lamp was granted\n");
        return SOLO5_EXIT_FAILURE;
    }
    say("thermometer: ready\n");
    for (;;) {
        const solo5_result_t result = solo5_thermometer_read(sensor, &temperature);
        if (result == SOLO5_R_OK && (temperature != last || !answered)) {
            tell(temperature);
            if (!show(temperature))
                return SOLO5_EXIT_FAILURE;
            last = temperature;
        } else if (result != SOLO5_R_OK && answered) {
            say("the sensor does not answer\n");
        }
        answered = result == SOLO5_R_OK;
        solo5_yield(solo5_clock_monotonic() + PERIOD_NS, NULL);
    }
}
