/* SPDX-License-Identifier: MIT */
/* PWM channels: what is within the limits of the grant reaches the chip, and nothing else. */
#include "check.h"
#include "manifest.h"

#include "abi_pwm.h"
#include "backends/fake/buses.h"
#include "dispatch/host.h"

#define AT   8192 /* guest address of the argument block */
#define SLOW 20000000
#define FAST 1000000
#define MOST 2000000

static uint8_t memory[65536] __attribute__((aligned(4096)));
static struct host host;
static MANIFEST_OF(4) manifest;

static void start(void)
{
    fake_buses_reset();
    memset(memory, 0, sizeof(memory));
    memset(&manifest, 0, sizeof(manifest));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 4};
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1].type = MFT_I2C;
    manifest.e[2].type = manifest.e[3].type = MFT_PWM;
    manifest.e[2].u.pwm = manifest.e[3].u.pwm =
        (struct mft_pwm){.period_min = FAST, .period_max = SLOW, .duty_max = MOST};
    manifest.e[1].attached = manifest.e[2].attached = 1;
    fake_pwms[1].present = fake_pwms[2].present = fake_pwms[3].present = true;
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
}

static int32_t set(uint64_t handle, uint64_t period, uint64_t duty)
{
    struct pwm_set_args *args = (void *)(memory + AT);

    *args = (struct pwm_set_args){handle, period, duty, 99};
    CHECK(dispatch(&host, CALL_PWM_SET, (struct guest_addr){AT}) == CALL_DONE);
    return args->result;
}

static int32_t call(uint32_t number, uint64_t handle)
{
    struct pwm_enable_args *args = (void *)(memory + AT);

    *args = (struct pwm_enable_args){handle, 99};
    CHECK(dispatch(&host, number, (struct guest_addr){AT}) == CALL_DONE);
    return args->result;
}

static void pulses_are_set_begun_and_ended(void)
{
    start();
    CHECK_EQUAL(set(2, SLOW, MOST), SOLO5_R_OK);
    CHECK(fake_pwms[2].period == SLOW && fake_pwms[2].duty == MOST && !fake_pwms[2].enabled);
    CHECK_EQUAL(call(CALL_PWM_ENABLE, 2), SOLO5_R_OK);
    CHECK(fake_pwms[2].enabled);
    CHECK_EQUAL(set(2, FAST, FAST), SOLO5_R_OK);
    CHECK_EQUAL(set(2, FAST, 0), SOLO5_R_OK);
    CHECK(fake_pwms[2].enabled && fake_pwms[2].duty == 0);
    CHECK_EQUAL(call(CALL_PWM_DISABLE, 2), SOLO5_R_OK);
    CHECK(!fake_pwms[2].enabled);
}

static void what_is_beyond_the_limits_changes_nothing(void)
{
    const struct {
        uint64_t period, duty;
    } hostile[] = {
        {0, 0},
        {FAST - 1, 1},
        {SLOW + 1, 1},
        {UINT64_C(1) << 32 | FAST, 1},
        {UINT64_MAX, 1},
        {SLOW, MOST + 1},
        {SLOW, SLOW},
        {FAST, FAST + 1},
        {SLOW, UINT64_C(1) << 32},
        {SLOW, UINT64_MAX},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        CHECK_EQUAL(set(2, hostile[i].period, hostile[i].duty), SOLO5_R_EINVAL);
    CHECK_EQUAL(fake_pwms[2].settings, 0);
    CHECK_EQUAL(call(CALL_PWM_ENABLE, 2), SOLO5_R_EINVAL);
    CHECK(!fake_pwms[2].enabled);
}

static void channels_that_were_not_granted_are_refused(void)
{
    const uint64_t hostile[] = {0, 1, 3, 4, 64, UINT64_C(1) << 32 | 2, UINT64_MAX};

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK_EQUAL(set(hostile[i], FAST, 1), SOLO5_R_EINVAL);
        CHECK_EQUAL(call(CALL_PWM_ENABLE, hostile[i]), SOLO5_R_EINVAL);
        CHECK_EQUAL(call(CALL_PWM_DISABLE, hostile[i]), SOLO5_R_EINVAL);
    }
    CHECK(fake_pwms[1].settings == 0 && fake_pwms[3].settings == 0);
}

static void a_limit_of_no_period_lets_none_through(void)
{
    start();
    manifest.e[2].u.pwm = (struct mft_pwm){.period_max = SLOW, .duty_max = MOST};
    CHECK_EQUAL(set(2, 0, 0), SOLO5_R_EINVAL);
    CHECK_EQUAL(set(2, 1, 1), SOLO5_R_OK);
}

static void a_chip_that_fails_is_told(void)
{
    start();
    fake_pwms[2].failing = 2;
    CHECK_EQUAL(set(2, FAST, 1), SOLO5_R_EUNSPEC);
    CHECK_EQUAL(call(CALL_PWM_DISABLE, 2), SOLO5_R_EUNSPEC);
    CHECK_EQUAL(set(2, FAST, 1), SOLO5_R_OK);
}

int main(void)
{
    pulses_are_set_begun_and_ended();
    what_is_beyond_the_limits_changes_nothing();
    channels_that_were_not_granted_are_refused();
    a_limit_of_no_period_lets_none_through();
    a_chip_that_fails_is_told();
    return 0;
}
