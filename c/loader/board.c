/* SPDX-License-Identifier: MIT */
/* What the loader finds out about its board, and how it leaves. */
#include "loader/board.h"

#include "backends/bcm2837/mailbox.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/translation.h"
#include "lib/string.h"
#include "loader/layout.h"

#define WANTED_HZ 48000000 /* of the port's clock: what the firmware sets on new boards, anyway */
#define LOWEST_HZ (16 * LOADER_BAUD)
#define BAUD_MAX  3000000
#define WATCHDOGS UINT32_C(0x70) /* in PM_RSTS: Linux bcm2835_wdt.c has the bits' names */

_Static_assert(LAYOUT_STAGING + LOADER_LIMIT == LAYOUT_LOADER, "they are side by side");
_Static_assert(sizeof(RPIKIT_VERSION) <= sizeof(((struct loader_hello_answer *)0)->version),
               "it fits, and ends");

static struct translation tables;
static uint64_t pages[TRANSLATION_ENTRIES] __attribute__((aligned(4096)));

extern char loader_text[], loader_rodata[], loader_end[]; /* of loader.lds */

/* Turns the caches off when memory has what they have, and goes to (image). */
__attribute__((noreturn)) void enter(uint64_t x0, uint64_t image);

void board_prepare(void)
{
    const uint64_t block = LAYOUT_LOADER & ~(TRANSLATION_BLOCK - 1);

    translation_prepare(&tables);
    translation_tell_apart(&tables, pages, block);
    for (uint64_t at = (uintptr_t)loader_text; at < (uintptr_t)loader_end; at += TRANSLATION_PAGE) {
        uint64_t *const page = &pages[(at - block) / TRANSLATION_PAGE];
        *page |= TRANSLATION_READ_ONLY;
        if (at < (uintptr_t)loader_rodata)
            *page &= ~TRANSLATION_NO_CODE;
    }
    translation_start(&tables);
}

static uint32_t revision(void)
{
    uint32_t value = 0;

    return mailbox_ask(MAILBOX_BOARD_REVISION, &value, 1) ? value : 0;
}

static uint64_t serial_number(void)
{
    uint32_t values[2] = {0};

    return mailbox_ask(MAILBOX_SERIAL_NUMBER, values, 2) ? values[0] | (uint64_t)values[1] << 32
                                                         : 0;
}

static uint32_t uart_clock(void)
{
    const uint32_t hz = mailbox_set_clock_rate(MAILBOX_CLOCK_UART, WANTED_HZ);

    return hz >= LOWEST_HZ ? hz : WANTED_HZ; /* as it is by default, if the firmware is silent */
}

struct loader_hello_answer board_describe(const struct loader_keys *keys)
{
    const uint32_t hz = uart_clock();

    return (struct loader_hello_answer){
        .protocol = LOADER_PROTOCOL,
        .block = LOADER_BLOCK,
        .window = LOADER_WINDOW,
        .flags = (uint8_t)((keys->count > 0 ? LOADER_SIGNED_ONLY : 0) |
                           (read32(RESET_STATUS) & WATCHDOGS ? LOADER_WAS_WATCHDOG : 0)),
        .board_revision = revision(),
        .serial_number = serial_number(),
        .limit = LOADER_LIMIT,
        .max_baud = hz / 16 < BAUD_MAX ? hz / 16 : BAUD_MAX,
        .uart_clock_hz = hz,
        .version = RPIKIT_VERSION,
    };
}

void board_enter(const struct image *image)
{
    memmove((void *)LOADER_IMAGE, image->at, image->size);
    enter(LOADER_MAGIC, LOADER_IMAGE);
}
