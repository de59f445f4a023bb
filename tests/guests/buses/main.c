/* SPDX-License-Identifier: MIT */
/* Uses what it was granted of an I2C device, an SPI device and a PWM channel, says what each call
 * answered, then makes pulses for as long as it is let. */
#include <solo5.h>
#include <solo5_i2c.h>
#include <solo5_pwm.h>
#include <solo5_spi.h>

#include "apps/say.h"

#define MINUTE_NS UINT64_C(60000000000)
#define MS        UINT64_C(1000000)

static void use_sensor(void)
{
    static const uint8_t first = 0;
    static uint8_t into[4097];
    solo5_handle_t handle;

    if (solo5_i2c_acquire("sensor", &handle) != SOLO5_R_OK) {
        say("no sensor\n");
        return;
    }
    say("sensor twice: %d\n", solo5_i2c_acquire("sensor", &handle));
    say("sensor too much: %d\n", solo5_i2c_transfer(handle, &first, 1, into, sizeof(into)));
    say("sensor nothing: %d\n", solo5_i2c_transfer(handle, NULL, 0, NULL, 0));
    say("sensor: %d\n", solo5_i2c_transfer(handle, &first, 1, into, 2));
}

static void use_display(void)
{
    uint8_t bytes[4] = {1, 2, 3, 4};
    solo5_handle_t handle;

    if (solo5_spi_acquire("display", &handle) != SOLO5_R_OK) {
        say("no display\n");
        return;
    }
    say("display: %d\n", solo5_spi_transfer(handle, bytes, bytes, sizeof(bytes)));
}

static void use_servo(void)
{
    solo5_handle_t handle;

    if (solo5_pwm_acquire("servo", &handle) != SOLO5_R_OK) {
        say("no servo\n");
        return;
    }
    say("servo before: %d\n", solo5_pwm_enable(handle));
    say("servo too long: %d\n", solo5_pwm_set(handle, 20 * MS, 2 * MS + 1));
    say("servo too slow: %d\n", solo5_pwm_set(handle, 21 * MS, MS));
    say("servo slow: %d\n", solo5_pwm_set(handle, 20 * MS, 2 * MS));
    say("servo fast: %d\n", solo5_pwm_set(handle, MS, MS / 2));
    say("servo slow again: %d\n", solo5_pwm_set(handle, 20 * MS, 3 * MS / 2));
    say("servo on: %d\n", solo5_pwm_enable(handle));
    say("pulses\n");
    solo5_yield(solo5_clock_monotonic() + MINUTE_NS, NULL);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    use_sensor();
    use_display();
    use_servo();
    say("end\n");
    return SOLO5_EXIT_SUCCESS;
}
