/* SPDX-License-Identifier: MIT */
/* PWM channels of the developer's machine: pwm-CHIP-CHANNEL is a file of one line, with period and
 * duty in nanoseconds and whether pulses are made. */
#include "backends/linux/pwm.h"

#include "backends/host/buses.h"
#include "backends/linux/backend.h"
#include "backends/pwm.h"
#include "lib/format.h"

enum { DEVICES = 64 };

static struct {
    int fd; /* 0: none */
    bool enabled;
    uint32_t period, duty;
} channels[DEVICES];

struct failures pwm_failures;

static bool note(uint32_t handle)
{
    char text[40];
    const size_t size =
        format_buffer(text, sizeof(text), "%10u %10u %u\n", channels[handle].period,
                      channels[handle].duty, (unsigned int)channels[handle].enabled);

    return channels[handle].fd == 0 ||
           sys_pwrite(channels[handle].fd, text, size, 0) == (long)size;
}

long pwm_open(uint32_t handle, uint32_t chip, uint32_t channel, struct pwm_trouble *trouble)
{
    char name[32];

    format_buffer(name, sizeof(name), "pwm-%u-%u", chip, channel);
    const long fd = host_buses_open(name);
    if (fd < 0) {
        format_buffer(trouble->text, sizeof(trouble->text), "%s: %s", name, sys_error_text(fd));
        return fd;
    }
    channels[handle].fd = (int)fd;
    return note(handle) ? 0 : SYS_EINVAL;
}

bool backend_pwm_set(uint32_t handle, uint32_t period, uint32_t duty)
{
    channels[handle].period = period;
    channels[handle].duty = duty;
    return note(handle);
}

solo5_result_t backend_pwm_enable(uint32_t handle, bool enabled)
{
    if (enabled && channels[handle].period == 0)
        return SOLO5_R_EINVAL;
    channels[handle].enabled = enabled;
    return note(handle) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

/* However the guest ended. */
static void end(void)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        channels[i].enabled = false;
        if (channels[i].fd != 0)
            note(i);
    }
}

static const struct linux_backend pwm = {.close = end};
LINUX_BACKEND(pwm);
