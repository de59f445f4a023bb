/* SPDX-License-Identifier: MIT */
/* Which of a machine's GPIO chips is the one with the header pins. */
#include "backends/linux/gpio_driver.h"

#include "lib/string.h"

bool gpio_label_fits(const char *label, const char *found)
{
    if (label)
        return strcmp(label, found) == 0;
    return strcmp(found, "pinctrl-bcm2835") == 0 || strcmp(found, "pinctrl-bcm2711") == 0;
}
