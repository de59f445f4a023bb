/* SPDX-License-Identifier: MIT */
/* Waits for the edges of one input and tells them; "count=N" ends it after N edges, and "sleep=MS"
 * lets it look away for as long before the first, without waiting for edges. */
#include <solo5_gpio.h>

#include "../expect.h"
#include "lib/string.h"

#define MS UINT64_C(1000000)

/* The number behind "KEY=" in (words), or 0. */
static uint64_t number(const char *words, const char *key)
{
    const size_t size = strlen(key);
    uint64_t value = 0;

    for (; *words != '\0'; words++) {
        if (strncmp(words, key, size) != 0 || words[size] != '=')
            continue;
        for (words += size + 1; *words >= '0' && *words <= '9'; words++)
            value = value * 10 + (uint64_t)(*words - '0');
        break;
    }
    return value;
}

static void spin(uint64_t ms)
{
    const solo5_time_t end = solo5_clock_monotonic() + ms * MS;

    while (solo5_clock_monotonic() < end)
        continue;
}

static void tell(solo5_handle_t button)
{
    solo5_time_t when;
    uint64_t sequence;
    uint32_t lost, edge;

    EXPECT(solo5_gpio_event(button, &when, &sequence, &lost, &edge) == SOLO5_R_OK);
    const solo5_time_t now = solo5_clock_monotonic();
    EXPECT(when <= now);
    say("edge %lu %s%s lost %u age %lu us\n", sequence,
        edge & SOLO5_GPIO_RISING ? "rising" : "falling", edge & SOLO5_GPIO_SAMPLED ? " sampled" : "",
        lost, (now - when) / 1000);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    const uint64_t count = number(info->cmdline, "count");
    const uint64_t look_away = number(info->cmdline, "sleep");
    solo5_handle_t button, other;
    solo5_time_t period;
    uint32_t properties;
    uint64_t sequence;
    uint32_t lost, edge;

    EXPECT(solo5_gpio_acquire("button", &button, &period, &properties) == SOLO5_R_OK);
    EXPECT(solo5_gpio_acquire("button", &other, &period, &edge) == SOLO5_R_EINVAL);
    EXPECT(solo5_gpio_event(button, &period, &sequence, &lost, &edge) == SOLO5_R_AGAIN);
    say("ready%s\n", properties & SOLO5_GPIO_SAMPLED ? ", sampled" : "");
    spin(look_away);
    for (uint64_t seen = 0; seen < count; seen++) {
        solo5_handle_set_t ready = 0;
        solo5_yield(solo5_clock_monotonic() + 20000 * MS, &ready);
        EXPECT(ready == UINT64_C(1) << button);
        tell(button);
    }
    EXPECT(solo5_gpio_release(button) == SOLO5_R_OK);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
