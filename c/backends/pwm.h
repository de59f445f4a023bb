/* SPDX-License-Identifier: MIT */
/* A PWM channel: how what the guest asks for is done. */
#ifndef RPIKIT_BACKENDS_PWM_H
#define RPIKIT_BACKENDS_PWM_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/solo5.h"

/* Sets (period) and (duty), not above it, in nanoseconds, of the channel attached as (handle). False
 * if the chip cannot do it, or failed. */
bool backend_pwm_set(uint32_t handle, uint32_t period, uint32_t duty);

/* Begins or ends the pulses. SOLO5_R_EINVAL: nothing was set before, by this guest.
 * SOLO5_R_EUNSPEC: the chip failed. */
solo5_result_t backend_pwm_enable(uint32_t handle, bool enabled);

#endif
