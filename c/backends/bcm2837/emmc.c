/* SPDX-License-Identifier: MIT */
/* The EMMC block, an SDHCI by Arasan (BCM2835 ARM Peripherals, section 5). Data go word by word, by
 * this core; while the card is slow the others have their turns. */
#include "backends/bcm2837/emmc.h"

#include <stddef.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/mailbox.h"
#include "backends/bcm2837/wait.h"

/* Table of registers, in words. */
enum {
    BLOCKS = 0x04 / 4,    /* BLKSIZECNT: their number, and the size of one */
    ARGUMENT = 0x08 / 4,  /* ARG1 */
    COMMAND = 0x0c / 4,   /* CMDTM */
    ANSWER = 0x10 / 4,    /* RESP0 to RESP3 */
    DATA = 0x20 / 4,      /* DATA */
    STATUS = 0x24 / 4,    /* STATUS */
    CONTROL0 = 0x28 / 4,  /* CONTROL0 */
    CONTROL1 = 0x2c / 4,  /* CONTROL1 */
    INTERRUPT = 0x30 / 4, /* INTERRUPT: what has happened */
    NOTICED = 0x34 / 4,   /* IRPT_MASK: what of it is shown there */
    RAISED = 0x38 / 4,    /* IRPT_EN: what of it interrupts */
};

enum {
    COMMAND_BUSY = 1 << 0, /* STATUS: no command now */
    DATA_BUSY = 1 << 1,    /* no data */

    FOUR_LINES = 1 << 1, /* CONTROL0 */

    CLOCK_INSIDE = 1 << 0, /* CONTROL1 */
    CLOCK_STABLE = 1 << 1,
    CLOCK_ON = 1 << 2,
    LONGEST = 14 << 16, /* the controller's own time-out of data */
    RESET_ALL = 1 << 24,
    RESET_COMMAND = 1 << 25,
    RESET_DATA = 1 << 26,

    COMMAND_DONE = 1 << 0, /* INTERRUPT */
    DATA_DONE = 1 << 1,
    WRITE_READY = 1 << 4,
    READ_READY = 1 << 5,
    FAILED = 1 << 15,
};

#define STOP             (EMMC_COMMAND(12) | EMMC_BUSY | UINT32_C(0xc00000)) /* that aborts data */
#define STARTING         400000                                              /* Hz */
#define BASE_MAX         250000000 /* Hz of the block's own clock, if the firmware is silent */
#define DIVIDER_MAX      1023

#define US               UINT64_C(1000) /* ns */
#define MS               (1000 * US)
#define SHORT            (100 * MS)  /* the controller itself, and a command */
#define LONG             (1000 * MS) /* a card that writes: Specification, 4.6.2.2 */
#define SPIN             (20 * US)   /* in which most of what is awaited comes */
#define STEP             (100 * US)
#define SHARE            (250 * US) /* without a pause for others */

#define CARD_CLOCK       48 /* lines: clock, command, four of data */
#define CARD_LAST        53
#define WIRELESS         34 /* lines that the firmware may have left to the block */
#define WIRELESS_LAST    39
#define WORDS(of_blocks) ((of_blocks) * (uint32_t)(EMMC_BLOCK / sizeof(uint32_t)))

static uint32_t rate = STARTING; /* Hz */

static void spin(uint64_t ns)
{
    const uint64_t end = clock_ticks() + clock_ticks_of(ns);

    while (clock_ticks() < end)
        ;
}

/* Of two writes within two cycles of the card's clock the second one may be lost. */
static void set(uint32_t at, uint32_t value)
{
    emmc_register_write(at, value);
    spin(2 * 1000 * MS / rate + US);
}

/* Waits until a register has one of (mask), or none of them. */
static bool await(uint32_t at, uint32_t mask, bool one, uint64_t ns)
{
    const uint64_t begun = clock_ticks(), spun = begun + clock_ticks_of(SPIN);
    const uint64_t end = begun + clock_ticks_of(ns);

    for (;;) {
        const uint64_t now = clock_ticks(); /* before the look: others may take their time */
        if (((emmc_register_read(at) & mask) != 0) == one)
            return true;
        if (now >= end)
            return false;
        if (now >= spun)
            wait_aside(now + clock_ticks_of(STEP));
    }
}

/* Waits for (what) to happen; false: something failed, or nothing happened. */
static bool happens(uint32_t what, uint64_t ns)
{
    if (!await(INTERRUPT, what | FAILED, true, ns) || (emmc_register_read(INTERRUPT) & FAILED))
        return false;
    set(INTERRUPT, what);
    return true;
}

static bool reset(uint32_t what)
{
    set(CONTROL1, emmc_register_read(CONTROL1) | what);
    return await(CONTROL1, what, false, SHORT);
}

bool emmc_clock(uint32_t hz)
{
    const uint32_t told = mailbox_clock_rate(MAILBOX_CLOCK_EMMC);
    const uint32_t base = told == 0 ? BASE_MAX : told;
    const uint32_t wanted = (base + 2 * hz - 1) / (2 * hz); /* it is divided by twice that */
    const uint32_t divider = wanted > DIVIDER_MAX ? DIVIDER_MAX : wanted;

    if (!await(STATUS, COMMAND_BUSY | DATA_BUSY, false, SHORT))
        return false;
    set(CONTROL1, LONGEST | CLOCK_INSIDE); /* off while it changes */
    set(CONTROL1, LONGEST | CLOCK_INSIDE | (divider & 0xff) << 8 | (divider >> 8 & 3) << 6);
    if (!await(CONTROL1, CLOCK_STABLE, true, SHORT))
        return false;
    rate = base / (divider == 0 ? 1 : 2 * divider);
    set(CONTROL1, emmc_register_read(CONTROL1) | CLOCK_ON);
    return true;
}

static void connect(void)
{
    for (uint32_t line = WIRELESS; line <= WIRELESS_LAST; line++)
        gpio_pin_select(line, PIN_IN);
    for (uint32_t line = CARD_CLOCK; line <= CARD_LAST; line++) {
        gpio_pin_select(line, PIN_ALT3);
        gpio_pin_pull(line, line == CARD_CLOCK ? PULL_NONE : PULL_UP);
    }
}

bool emmc_prepare(void)
{
    connect();
    rate = STARTING;
    if (!reset(RESET_ALL))
        return false;
    set(CONTROL0, 0);
    set(RAISED, 0);
    set(NOTICED, UINT32_MAX);
    if (!emmc_clock(STARTING))
        return false;
    spin(MS); /* the card's own start: Specification, 6.4.1.1 */
    return true;
}

void emmc_widen(void)
{
    set(CONTROL0, emmc_register_read(CONTROL0) | FOUR_LINES);
}

static bool is_busy_after(uint32_t command)
{
    return (command & EMMC_BUSY) == EMMC_BUSY;
}

bool emmc_command(uint32_t command, uint32_t argument, uint32_t *answer)
{
    const uint32_t needed = COMMAND_BUSY | (command & EMMC_DATA ? DATA_BUSY : 0);

    if (!await(STATUS, needed, false, LONG))
        return false;
    set(INTERRUPT, UINT32_MAX);
    set(ARGUMENT, argument);
    set(COMMAND, command);
    if (!happens(COMMAND_DONE, SHORT))
        return false;
    for (uint32_t i = 0; answer && i < 4; i++)
        answer[i] = emmc_register_read(ANSWER + i);
    return !is_busy_after(command) || happens(DATA_DONE, LONG);
}

void emmc_recover(void)
{
    reset(RESET_COMMAND | RESET_DATA);
    emmc_command(STOP, 0, NULL); /* refused by a card that moves none */
    reset(RESET_COMMAND | RESET_DATA);
}

static bool begin(uint32_t command, uint32_t argument, uint32_t count, uint32_t *answer)
{
    uint32_t words[4];

    if (!await(STATUS, COMMAND_BUSY | DATA_BUSY, false, LONG))
        return false;
    set(BLOCKS, count << 16 | EMMC_BLOCK);
    if (!emmc_command(command | EMMC_DATA, argument, words))
        return false;
    *answer = words[0];
    return true;
}

/* Between two blocks: the card waits, and others may have waited for longer than their share. */
static void pause(uint64_t *since)
{
    if (clock_ticks() - *since < clock_ticks_of(SHARE))
        return;
    wait_aside(0);
    *since = clock_ticks();
}

bool emmc_read(uint32_t command, uint32_t argument, uint8_t *to, uint32_t count, uint32_t *answer)
{
    uint64_t since = clock_ticks();

    if (!begin(command | EMMC_TO_US, argument, count, answer))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!happens(READ_READY, LONG))
            return false;
        for (uint32_t word = 0; word < WORDS(1); word++, to += sizeof(uint32_t)) {
            const uint32_t value = emmc_register_read(DATA);
            __builtin_memcpy(to, &value, sizeof(value));
        }
        pause(&since);
    }
    return happens(DATA_DONE, LONG);
}

bool emmc_write(uint32_t command, uint32_t argument, const uint8_t *from, uint32_t count,
                uint32_t *answer)
{
    uint64_t since = clock_ticks();

    if (!begin(command, argument, count, answer))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!happens(WRITE_READY, LONG))
            return false;
        for (uint32_t word = 0; word < WORDS(1); word++, from += sizeof(uint32_t)) {
            uint32_t value;
            __builtin_memcpy(&value, from, sizeof(value));
            emmc_register_write(DATA, value);
        }
        pause(&since);
    }
    return happens(DATA_DONE, LONG);
}
