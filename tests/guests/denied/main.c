/* SPDX-License-Identifier: MIT */
/* Calls on pins it was not granted, or not for that. */
#include <solo5_led.h>
#include <solo5_switch.h>

#include "../expect.h"
#include "devices.h"

/* Nobody's pin; above the 54 lines of a BCM2837; beyond any chip. */
static const uint32_t foreign[] = {5, 60, 64, 1000, UINT32_MAX};

#define RETURNS(want, call)                                                                        \
    do {                                                                                           \
        const solo5_result_t result_ = (call);                                                     \
        say("%s: %d\n", #call, (int)result_);                                                      \
        EXPECT(result_ == (want));                                                                 \
    } while (0)

static void foreign_pins_are_refused(void)
{
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        const uint32_t pin = foreign[i];
        uint32_t value = 7;

        say("pin %u\n", pin);
        RETURNS(SOLO5_R_EINVAL, solo5_switch_init(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_switch_in(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_switch_out(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_switch_test(pin, &value));
        RETURNS(SOLO5_R_EINVAL, solo5_switch_write(pin, 1));
        RETURNS(SOLO5_R_EINVAL, solo5_switch_finalize(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_led_init(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_led_on(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_led_off(pin));
        RETURNS(SOLO5_R_EINVAL, solo5_led_finalize(pin));
    }
}

static void an_input_stays_an_input(void)
{
    uint32_t value = 7;

    say("pin %u, granted as an input\n", PIN_BUTTON);
    RETURNS(SOLO5_R_EINVAL, solo5_switch_test(PIN_BUTTON, &value)); /* not claimed */
    RETURNS(SOLO5_R_EINVAL, solo5_led_init(PIN_BUTTON));
    RETURNS(SOLO5_R_OK, solo5_switch_init(PIN_BUTTON));
    RETURNS(SOLO5_R_EINVAL, solo5_switch_out(PIN_BUTTON));
    RETURNS(SOLO5_R_EINVAL, solo5_switch_write(PIN_BUTTON, 1));
    RETURNS(SOLO5_R_OK, solo5_switch_in(PIN_BUTTON));
    RETURNS(SOLO5_R_EINVAL, solo5_switch_write(PIN_BUTTON, 1));
    RETURNS(SOLO5_R_OK, solo5_switch_test(PIN_BUTTON, &value));
    EXPECT(value <= 1);
    RETURNS(SOLO5_R_OK, solo5_switch_finalize(PIN_BUTTON));
    RETURNS(SOLO5_R_EINVAL, solo5_switch_test(PIN_BUTTON, &value));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    foreign_pins_are_refused();
    an_input_stays_an_input();
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
