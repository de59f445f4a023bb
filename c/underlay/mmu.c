/* SPDX-License-Identifier: MIT */
/* Translation tables of EL2: what of the underlay's own memory is for what. */
#include "underlay/mmu.h"

#include <stdint.h>

#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/translation.h"
#include "underlay/core.h"
#include "underlay/layout.h"

static struct translation tables;
static uint64_t of_image[TRANSLATION_ENTRIES] __attribute__((aligned(4096)));
static uint64_t of_stacks[TRANSLATION_ENTRIES] __attribute__((aligned(4096)));

extern char image_text[], image_rodata[], image_data[]; /* of underlay.lds: text, constants, rest */

static void protect_image(void)
{
    const uint64_t text = (uintptr_t)image_text, rodata = (uintptr_t)image_rodata;

    translation_tell_apart(&tables, of_image, 0);
    of_image[0] = 0; /* where null pointers lead; the cores left the firmware's stub before */
    for (uint64_t at = text; at < (uintptr_t)image_data; at += TRANSLATION_PAGE) {
        of_image[at / TRANSLATION_PAGE] |= TRANSLATION_READ_ONLY;
        if (at < rodata)
            of_image[at / TRANSLATION_PAGE] &= ~TRANSLATION_NO_CODE;
    }
}

/* The lowest page of each guest's stack. */
static void protect_stacks(void)
{
    translation_tell_apart(&tables, of_stacks, LAYOUT_OWN);
    for (uint64_t i = 0; i < GUESTS_MAX; i++)
        of_stacks[((uintptr_t)core_stack(i) - LAYOUT_OWN) / TRANSLATION_PAGE] = 0;
}

void mmu_prepare(void)
{
    translation_prepare(&tables);
    protect_image();
    protect_stacks();
    barrier();
}

void mmu_start(void)
{
    translation_start(&tables);
}
