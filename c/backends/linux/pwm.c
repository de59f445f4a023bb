/* SPDX-License-Identifier: MIT */
/* PWM channels under Linux, through sysfs: Documentation/driver-api/pwm.rst. Files are opened before
 * the guest starts and written where they are. */
#include "backends/linux/pwm.h"

#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"
#include "backends/pwm.h"
#include "lib/format.h"

enum { DEVICES = 64 };

enum file { PERIOD, DUTY, ENABLE, FILES };

static const char *const names[FILES] = {
    [PERIOD] = "period", [DUTY] = "duty_cycle", [ENABLE] = "enable"};

static int fds[FILES][DEVICES] SEALED; /* 0: not open */
static int unexports[DEVICES] SEALED;  /* of what was exported here; 0: none */
static uint32_t channels[DEVICES] SEALED;
static bool are_set[DEVICES]; /* by the guest */
static uint32_t are_enabled[DEVICES];
static uint32_t periods[DEVICES], duties[DEVICES]; /* ns, as they are set */

struct failures pwm_failures;

/* Returns 0 or an error. */
static long put(int fd, uint32_t value)
{
    char text[16];
    const size_t size = format_buffer(text, sizeof(text), "%u", value);
    const long result = sys_pwrite(fd, text, size, 0);

    return result < 0 ? result : 0;
}

static uint32_t get(int fd)
{
    char text[16];
    const long size = sys_pread(fd, text, sizeof(text), 0);
    uint32_t value = 0;

    for (long i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        value = value * 10 + (uint32_t)(text[i] - '0');
    return value;
}

/* The channel's file, or an error. */
static long open_file(uint32_t chip, uint32_t channel, const char *name)
{
    char path[96];

    format_buffer(path, sizeof(path), PWM_CLASS "/pwmchip%u/pwm%u/%s", chip, channel, name);
    return sys_open(path, SYS_O_RDWR);
}

static long open_of_chip(uint32_t chip, const char *name)
{
    char path[64];

    format_buffer(path, sizeof(path), PWM_CLASS "/pwmchip%u/%s", chip, name);
    return sys_open(path, SYS_O_WRONLY);
}

/* Exports the channel; EBUSY: somebody did before. */
static long export(uint32_t handle, uint32_t chip, uint32_t channel)
{
    const long fd = open_of_chip(chip, "export");

    if (fd < 0)
        return fd;
    const long result = put((int)fd, channel);
    sys_close((int)fd);
    if (result < 0)
        return result == SYS_EBUSY ? 0 : result;
    const long back = open_of_chip(chip, "unexport");
    unexports[handle] = back < 0 ? 0 : (int)back;
    return 0;
}

static void explain(long error, uint32_t chip, uint32_t channel, struct pwm_trouble *trouble)
{
    const char *remedy = "";

    if (error == SYS_ENOENT)
        remedy = ": no such chip; enable it, such as with dtoverlay=pwm";
    else if (error == SYS_ENODEV)
        remedy = ": the chip has no such channel";
    else if (error == SYS_EACCES || error == SYS_EPERM)
        remedy = ": run as root, or join the group that owns it";
    format_buffer(trouble->text, sizeof(trouble->text), PWM_CLASS "/pwmchip%u, channel %u: %s%s",
                  chip, channel, sys_error_text(error), remedy);
}

long pwm_open(uint32_t handle, uint32_t chip, uint32_t channel, struct pwm_trouble *trouble)
{
    long result = export(handle, chip, channel);

    for (uint32_t i = 0; result >= 0 && i < FILES; i++) {
        result = open_file(chip, channel, names[i]);
        fds[i][handle] = result < 0 ? 0 : (int)result;
    }
    /* The kernel refuses to disable what has no period yet. */
    if (result >= 0 && get(fds[ENABLE][handle]) != 0)
        result = put(fds[ENABLE][handle], 0);
    if (result < 0) {
        explain(result, chip, channel, trouble);
        return result;
    }
    channels[handle] = channel;
    periods[handle] = get(fds[PERIOD][handle]);
    duties[handle] = get(fds[DUTY][handle]);
    return 0;
}

static bool write(enum file file, uint32_t handle, uint32_t value)
{
    const long result = put(fds[file][handle], value);

    if (result == 0)
        return true;
    failures_add(&pwm_failures, handle, result);
    return false;
}

static bool set_one(enum file file, uint32_t handle, uint32_t value, uint32_t *is)
{
    if (*is == value)
        return true;
    if (!write(file, handle, value))
        return false;
    *is = value;
    return true;
}

bool backend_pwm_set(uint32_t handle, uint32_t period, uint32_t duty)
{
    /* The kernel wants no duty above the period at any time. */
    const bool duty_first = period < duties[handle];

    if (duty_first && !set_one(DUTY, handle, duty, &duties[handle]))
        return false;
    if (!set_one(PERIOD, handle, period, &periods[handle]))
        return false;
    if (!duty_first && !set_one(DUTY, handle, duty, &duties[handle]))
        return false;
    are_set[handle] = true;
    return true;
}

solo5_result_t backend_pwm_enable(uint32_t handle, bool enabled)
{
    if (enabled && !are_set[handle])
        return SOLO5_R_EINVAL; /* whoever had the channel before knew no limits of ours */
    return set_one(ENABLE, handle, enabled, &are_enabled[handle]) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

static void allow(struct filter *filter)
{
    for (uint32_t i = 0; i < FILES; i++)
        filter_allow_placed(filter, SYS_PWRITE64, fds[i], DEVICES);
    filter_allow_placed(filter, SYS_PWRITE64, unexports, DEVICES);
}

/* Nothing moves on after its guest, and an export that was found is kept. */
static void end(void)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        if (are_enabled[i] != 0)
            put(fds[ENABLE][i], 0);
        if (unexports[i] != 0)
            put(unexports[i], channels[i]);
    }
}

static const struct linux_backend pwm = {.allow = allow, .close = end};
LINUX_BACKEND(pwm);
