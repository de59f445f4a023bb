/* SPDX-License-Identifier: MIT */
/* Attaches PWM channels: --pwm:NAME=CHIP.CHANNEL. */
#include "backends/linux/pwm.h"

#include <stddef.h>

#include "tender/devices.h"
#include "tender/options.h"
#include "tender/report.h"

#define OPTIONS_MAX (MFT_MAX_ENTRIES - 1)
#define OPTION      "--pwm:"
#define NUMBER_MAX  255

static const char *grants[OPTIONS_MAX]; /* NAME=... of each option */
static uint32_t grant_count;

static bool option(const char *word)
{
    return devices_take(word, OPTION, grants, &grant_count, OPTIONS_MAX);
}

/* Reads [,period-min=NS][,period-max=NS][,duty-max=NS] over what the manifest wishes for: an
 * operator grants less or more. */
static void read_limits(const char *text, const char *at, struct mft_pwm *grant)
{
    while (*at == ',') {
        const char *value;
        uint32_t *into = NULL;
        if ((value = options_after(at, ",period-min=")))
            into = &grant->period_min;
        else if ((value = options_after(at, ",period-max=")))
            into = &grant->period_max;
        else if ((value = options_after(at, ",duty-max=")))
            into = &grant->duty_max;
        if (!into || !options_number(&value, ',', into))
            fail(OPTION "%s: '%s' is none of period-min=NS, period-max=NS, duty-max=NS", text,
                 at + 1);
        at = value;
    }
    if (grant->period_min == 0 || grant->period_min > grant->period_max)
        fail(OPTION "%s: the limits of the period leave none", text);
}

static void refuse_twice(const struct mft *manifest, const struct mft_pwm *grant, const char *text)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *it = &manifest->e[i];
        if (it->type == MFT_PWM && it->attached && it->u.pwm.chip == grant->chip &&
            it->u.pwm.channel == grant->channel)
            fail(OPTION "%s: this channel was granted before, as %s", text, it->name);
    }
}

static void grant(struct mft *manifest, const char *text)
{
    struct pwm_trouble trouble;
    const char *value = text;
    struct mft_entry *entry = devices_granted(manifest, MFT_PWM, "PWM channel", OPTION, &value);
    uint32_t chip, channel;

    if (!options_number(&value, '.', &chip) || chip > NUMBER_MAX || *value++ != '.' ||
        !options_number(&value, ',', &channel) || channel > NUMBER_MAX)
        fail(OPTION "%s: CHIP.CHANNEL is expected, such as 0.1", text);
    struct mft_pwm wish = entry->u.pwm;
    wish.chip = (uint8_t)chip;
    wish.channel = (uint8_t)channel;
    read_limits(text, value, &wish);
    refuse_twice(manifest, &wish, text);
    if (pwm_open((uint32_t)(entry - manifest->e), chip, channel, &trouble) < 0)
        fail("%s", trouble.text);
    entry->u.pwm = wish;
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)host;
    for (uint32_t i = 0; i < grant_count; i++)
        grant(manifest, grants[i]);
}

static const struct device pwm = {
    .usage = "  --pwm:NAME=CHIP.CHANNEL[,period-min=NS][,period-max=NS][,duty-max=NS]\n"
             "                 attaches a channel of /sys/class/pwm as PWM channel NAME; what is left\n"
             "                 out is as in the manifest\n",
    .option = option,
    .attach = attach,
    .failures = &pwm_failures,
    .failed = "settings failed, the last one of PWM channel",
};
TENDER_DEVICE(pwm);
