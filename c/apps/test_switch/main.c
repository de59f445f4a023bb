/* SPDX-License-Identifier: MIT */
/* A switch that turns a lamp on and off: its level is read each millisecond. */
#include <solo5.h>
#include <solo5_led.h>
#include <solo5_switch.h>

#include "apps/say.h"
#include "devices.h"
#include "lib/string.h"

#define PERIOD_NS UINT64_C(1000000)

static bool went(const char *step, solo5_result_t result)
{
    if (result != SOLO5_R_OK)
        say("FAILURE: %s: result %d\n", step, (int)result);
    return result == SOLO5_R_OK;
}

/* Reads "presses=N" off (cmdline) into *(presses); 0 means for ever. False if it says anything
 * else. */
static bool read_presses(const char *cmdline, unsigned int *presses)
{
    static const char key[] = "presses=";
    const char *at = cmdline + sizeof(key) - 1;

    *presses = 0;
    if (*cmdline == '\0')
        return true;
    if (strncmp(cmdline, key, sizeof(key) - 1) != 0)
        return false;
    for (; *at >= '0' && *at <= '9' && *presses < 1000000; at++)
        *presses = *presses * 10 + (unsigned int)(*at - '0');
    return *at == '\0' && *presses > 0;
}

/* The lamp follows the switch until it was pressed and let go (presses) times. */
static bool follow(unsigned int presses)
{
    uint32_t level, last = 0;

    for (unsigned int seen = 0; presses == 0 || seen < presses;) {
        if (!went("switch test", solo5_switch_test(PIN_BUTTON, &level)))
            return false;
        if (level != last) {
            if (!went("led", level ? solo5_led_on(PIN_LAMP) : solo5_led_off(PIN_LAMP)))
                return false;
            say("switch %s\n", level ? "on" : "off");
            seen += level == 0;
            last = level;
        }
        solo5_yield(solo5_clock_monotonic() + PERIOD_NS, NULL);
    }
    return true;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    unsigned int presses;

    if (!read_presses(info->cmdline, &presses)) {
        say("FAILURE: write presses=N, N at least 1, not '%s'\n", info->cmdline);
        return SOLO5_EXIT_FAILURE;
    }
    if (!went("switch init", solo5_switch_init(PIN_BUTTON)) ||
        !went("switch in", solo5_switch_in(PIN_BUTTON)) ||
        !went("led init", solo5_led_init(PIN_LAMP)))
        return SOLO5_EXIT_FAILURE;
    say("test_switch: ready\n");
    if (!follow(presses) || !went("led finalize", solo5_led_finalize(PIN_LAMP)) ||
        !went("switch finalize", solo5_switch_finalize(PIN_BUTTON)))
        return SOLO5_EXIT_FAILURE;
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
