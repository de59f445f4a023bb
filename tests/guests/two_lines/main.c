/* SPDX-License-Identifier: MIT */
/* Lights its lamp as long as its switch is on, once. */
#include <solo5_led.h>
#include <solo5_switch.h>

#include "../expect.h"
#include "devices.h"

int solo5_app_main(const struct solo5_start_info *info)
{
    uint32_t level;

    (void)info;
    EXPECT(solo5_switch_init(PIN_BUTTON) == SOLO5_R_OK);
    EXPECT(solo5_switch_in(PIN_BUTTON) == SOLO5_R_OK);
    EXPECT(solo5_led_init(PIN_LAMP) == SOLO5_R_OK);
    EXPECT(solo5_switch_test(PIN_BUTTON, &level) == SOLO5_R_OK);
    EXPECT((level ? solo5_led_on : solo5_led_off)(PIN_LAMP) == SOLO5_R_OK);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
