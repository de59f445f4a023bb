/* SPDX-License-Identifier: MIT */
/* Tells the operator that edges are found by sampling: while the guest runs, unlike gpio.c. */
#include "tender/gpio_sampled.h"

#include "tender/report.h"

static const struct gpio *watched;

static void say(void)
{
    report("warning: the chip does not report edges: sampling each %u us from here on",
           (unsigned int)(gpio_period(watched) / 1000));
}

void gpio_sampled_watch(struct gpio *gpio)
{
    watched = gpio;
    gpio->says_sampled = say;
}
