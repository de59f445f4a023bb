/* SPDX-License-Identifier: MIT */
/* PWM channels under Linux, through sysfs. */
#ifndef RPIKIT_BACKENDS_LINUX_PWM_H
#define RPIKIT_BACKENDS_LINUX_PWM_H

#include <stdint.h>

#include "backends/linux/failures.h"

#ifndef PWM_CLASS
#define PWM_CLASS "/sys/class/pwm"
#endif

struct pwm_trouble {
    char text[192];
};

/* Exports (channel) of (chip), unless it is, and opens it as (handle), below 64; it makes no pulses
 * then. Before the sandbox. Returns 0, or an error and what went wrong. */
long pwm_open(uint32_t handle, uint32_t chip, uint32_t channel, struct pwm_trouble *trouble);

/* The settings that failed: how many, and the error of the last. */
extern struct failures pwm_failures;

#endif
