/* SPDX-License-Identifier: MIT */
/* PWM channels within the limits they were granted with. */
#include "host_pwm.h"

#include "backends/pwm.h"
#include "lib/manifest.h"

solo5_result_t pwm_set(struct host *host, solo5_handle_t handle, solo5_time_t period,
                       solo5_time_t duty)
{
    const struct mft_entry *entry = manifest_attached(host->manifest, handle, MFT_PWM);

    if (!entry)
        return SOLO5_R_EINVAL;
    const struct mft_pwm *limits = &entry->u.pwm;
    if (period == 0 || period < limits->period_min || period > limits->period_max ||
        duty > period || duty > limits->duty_max)
        return SOLO5_R_EINVAL;
    return backend_pwm_set((uint32_t)handle, (uint32_t)period, (uint32_t)duty) ? SOLO5_R_OK
                                                                               : SOLO5_R_EUNSPEC;
}

static solo5_result_t enable(struct host *host, solo5_handle_t handle, bool enabled)
{
    if (!manifest_attached(host->manifest, handle, MFT_PWM))
        return SOLO5_R_EINVAL;
    return backend_pwm_enable((uint32_t)handle, enabled);
}

solo5_result_t pwm_enable(struct host *host, solo5_handle_t handle)
{
    return enable(host, handle, true);
}

solo5_result_t pwm_disable(struct host *host, solo5_handle_t handle)
{
    return enable(host, handle, false);
}
