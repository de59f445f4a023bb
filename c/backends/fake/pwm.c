/* SPDX-License-Identifier: MIT */
/* PWM channels that only note what they were told. */
#include "backends/pwm.h"

#include <stddef.h>

#include "backends/fake/buses.h"

struct fake_pwm fake_pwms[FAKE_BUS_DEVICES];

/* The channel, unless it fails. */
static struct fake_pwm *find(uint32_t handle)
{
    struct fake_pwm *it = &fake_pwms[handle % FAKE_BUS_DEVICES];

    if (handle >= FAKE_BUS_DEVICES || !it->present)
        return NULL;
    if (it->failing > 0) {
        it->failing--;
        return NULL;
    }
    return it;
}

bool backend_pwm_set(uint32_t handle, uint32_t period, uint32_t duty)
{
    struct fake_pwm *it = find(handle);

    if (!it || duty > period)
        return false;
    it->period = period;
    it->duty = duty;
    it->settings++;
    return true;
}

solo5_result_t backend_pwm_enable(uint32_t handle, bool enabled)
{
    struct fake_pwm *it = find(handle);

    if (!it)
        return SOLO5_R_EUNSPEC;
    if (enabled && it->settings == 0)
        return SOLO5_R_EINVAL;
    it->enabled = enabled;
    return SOLO5_R_OK;
}
