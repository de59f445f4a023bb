/* SPDX-License-Identifier: MIT */
/* Moves a line through the chip's registers, if it was given them; says what one move took, in
 * nanoseconds of the counter. With "beyond" it touches what lies behind the page, with "force" the
 * page though it was not given. */
#include <solo5_gpio.h>

#include "../expect.h"
#include "devices.h"
#include "gpio_page.h"
#include "lib/string.h"

#define ROUNDS 1000

static void toggle(uint64_t page)
{
    const solo5_time_t start = solo5_clock_monotonic();

    for (unsigned int i = 0; i < ROUNDS; i++) {
        gpio_page_set(page, PIN_LAMP, true);
        gpio_page_set(page, PIN_LAMP, false);
    }
    say("move %lu ns\n", (solo5_clock_monotonic() - start) / (2 * ROUNDS));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    solo5_handle_t lamp;
    solo5_time_t period;
    uint64_t page;
    uint32_t properties, value;

    EXPECT(solo5_gpio_acquire("lamp", &lamp, &period, &properties) == SOLO5_R_OK);
    if (solo5_gpio_page(&page) != SOLO5_R_OK) {
        EXPECT(page == 0);
        if (strcmp(info->cmdline, "force") == 0)
            gpio_page_set(UINT64_C(0x140000000), PIN_LAMP, true);
        say("no page\n");
        return SOLO5_EXIT_SUCCESS;
    }
    gpio_page_set(page, PIN_LAMP, true);
    EXPECT(gpio_page_get(page, PIN_LAMP));
    EXPECT(solo5_gpio_get(lamp, &value) == SOLO5_R_OK && value == 1);
    gpio_page_set(page, PIN_LAMP, false);
    EXPECT(!gpio_page_get(page, PIN_LAMP));
    EXPECT(solo5_gpio_get(lamp, &value) == SOLO5_R_OK && value == 0);
    toggle(page);
    if (strcmp(info->cmdline, "beyond") == 0)
        gpio_page_set(page + 0x1000, PIN_LAMP, true);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
