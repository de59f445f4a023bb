/* SPDX-License-Identifier: MIT */
/* In an image that has no Linux beside the guests. */
#include "underlay/beside.h"

const char *beside_prepare(const struct payload *payload)
{
    return payload_beside(payload) ? "there is a Linux in it, which is for beside.img" : NULL;
}

uint32_t beside_cores(void)
{
    return 0;
}

void beside_run(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

void beside_write(const char *text, size_t size)
{
    (void)text;
    (void)size;
}

void beside_hear(const char *text, size_t size)
{
    (void)text;
    (void)size;
}
