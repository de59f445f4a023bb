/* SPDX-License-Identifier: MIT */
/* The SD card: a model of its controller and of a card, good ones and bad ones. */
#include "backends/bcm2837/sd.h"

#include <stdbool.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/emmc.h"
#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/mailbox.h"
#include "backends/bcm2837/wait.h"
#include "check.h"

enum { BLOCKS = 1, ARGUMENT, COMMAND, ANSWER, DATA = 8, STATUS, CONTROL0, CONTROL1, INTERRUPT };
enum { NOTICED = INTERRUPT + 1, RAISED, WORDS };
enum { COMMAND_DONE = 1, DATA_DONE = 2, WRITE_READY = 16, READ_READY = 32, FAILED = 0x8000 };
enum { GPFSEL4 = 0x10 / 4, GPFSEL5 = 0x14 / 4 };

#define SECTORS    2048 /* of the card's memory here; what it says it has is more */
#define ADDRESS    0x12340000u
#define READY      (1u << 31)
#define BY_SECTORS (1u << 30)
#define IS_ERROR   (1u << 19)
#define TIMED_OUT  (1u << 16)

static struct {
    bool is_there, is_old, counts_bytes, never_starts, is_silent;
    uint32_t starts_after;       /* so many questions */
    uint32_t fails_at, failures; /* a block's number, and how often it fails */
    bool stalls;                 /* and how: nothing comes any more */
    uint32_t says, says_later;   /* errors in the answer to data, and in the status */
} card;

static uint32_t words[WORDS];
static volatile uint32_t pins[0xa0 / 4];
static uint8_t memory[SECTORS][SD_SECTOR];
static uint64_t now; /* ns */
static uint32_t asked, waits, base, commands[64], stopped, width, blocks_max;
static bool is_application;
static uint64_t sector, left, word; /* of data under way */

uint64_t clock_ticks(void)
{
    return now += 100;
}

uint64_t clock_ticks_of(uint64_t ns)
{
    return ns;
}

void wait_aside(uint64_t ticks)
{
    waits++;
    if (ticks > now)
        now = ticks;
}

uint32_t mailbox_clock_rate(enum mailbox_clock clock)
{
    CHECK_EQUAL(clock, MAILBOX_CLOCK_EMMC);
    return base;
}

static void happen(uint32_t what)
{
    words[INTERRUPT] |= what & words[NOTICED];
}

static void fail(uint32_t how)
{
    happen(FAILED | how);
}

/* The next block of data, or none is left. */
static void next_block(bool to_card)
{
    word = 0;
    if (card.failures > 0 && sector == card.fails_at) {
        if (!card.stalls) {
            card.failures--;
            fail(1 << 21);
        }
        return;
    }
    happen(left == 0 ? DATA_DONE : to_card ? WRITE_READY : READ_READY);
}

static void begin_data(uint32_t command, bool to_card)
{
    const uint32_t count = words[BLOCKS] >> 16;

    CHECK_EQUAL(words[BLOCKS] & 0xffff, SD_SECTOR);
    CHECK_EQUAL(command >> 4 & 1, !to_card);
    CHECK_EQUAL(command & 0x2f, count > 1 ? 0x26 : 0); /* many, counted, ended by CMD12 */
    if (count > blocks_max)
        blocks_max = count;
    left = count;
    sector = words[ARGUMENT] / (card.counts_bytes ? SD_SECTOR : 1);
    words[ANSWER] = card.says;
    words[STATUS] |= 2;
    next_block(to_card);
}

static bool is_application_command(uint32_t number)
{
    if (number == 6) {
        CHECK_EQUAL(words[ARGUMENT], 2);
        width = 4;
    } else if (number == 41) {
        CHECK_EQUAL(words[ARGUMENT], 0xff8000 | (card.is_old ? 0 : BY_SECTORS));
        words[ANSWER] = 0xff8000;
        if (!card.never_starts && asked++ >= card.starts_after)
            words[ANSWER] |= READY | (card.counts_bytes ? 0 : BY_SECTORS);
    }
    return number == 6 || number == 41;
}

/* What a card says of its size: 5.3.2, 5.3.3, without the lowest 8 bits. */
static void describe(void)
{
    for (uint32_t i = 0; i < 4; i++)
        words[ANSWER + i] = 0;
    if (card.counts_bytes) { /* 2 GiB: blocks of 1024, 4096 times 512 of them */
        words[ANSWER + 1] = (0xfffu & 0x3ff) << 22 | 7 << 7;
        words[ANSWER + 2] = 0xfffu >> 10 | 10 << 8;
    } else {
        words[ANSWER + 1] = 0x1234 << 8;
        words[ANSWER + 3] = 1 << 22;
    }
}

static void do_command(uint32_t command)
{
    const uint32_t number = command >> 24 & 63;
    const bool was_application = is_application;

    CHECK(words[CONTROL1] & 4);                           /* there is a clock */
    CHECK(!(words[STATUS] & 2) || !(command & 0x200000)); /* no data beside data */
    commands[number]++;
    is_application = false;
    if (!card.is_there || card.is_silent || (number == 8 && card.is_old)) {
        if (number != 0)
            fail(TIMED_OUT);
        else
            happen(COMMAND_DONE);
        return;
    }
    happen(COMMAND_DONE);
    if ((command & 0x30000) == 0x30000)
        happen(DATA_DONE);
    if (was_application && is_application_command(number))
        return;
    words[ANSWER] = 0;
    if (number == 3)
        words[ANSWER] = ADDRESS | 0x500;
    else if (number == 7 || number == 13)
        CHECK_EQUAL(words[ARGUMENT], ADDRESS);
    if (number == 9)
        describe();
    else if (number == 12)
        stopped++;
    else if (number == 13)
        words[ANSWER] = card.says_later;
    else if (number == 55)
        is_application = true;
    else if (number == 17 || number == 18)
        begin_data(command, false);
    else if (number == 24 || number == 25)
        begin_data(command, true);
}

/* One word of data has gone over; the last one of all ends the command. */
static void step(bool to_card)
{
    if (++word < SD_SECTOR / 4)
        return;
    left--;
    sector++;
    if (left == 0)
        words[STATUS] &= ~2u;
    next_block(to_card);
}

uint32_t emmc_register_read(uint32_t at)
{
    uint32_t value = words[at];

    now += 100;
    CHECK(at < WORDS);
    if (at == DATA) {
        CHECK(left > 0 && !(words[INTERRUPT] & READ_READY)); /* taken note of before */
        memcpy(&value, &memory[sector % SECTORS][word * 4], sizeof(value));
        step(false);
    }
    return value;
}

void emmc_register_write(uint32_t at, uint32_t value)
{
    now += 100;
    CHECK(at < WORDS);
    if (at == INTERRUPT) {
        words[at] &= ~(value | (value & 0x7ff0000 ? FAILED : 0));
    } else if (at == CONTROL1) {
        CHECK(!(words[CONTROL1] & 4) || !(value & 4) ||
              (words[CONTROL1] & 0xffc0) == (value & 0xffc0)); /* the clock is off to change */
        if (value >> 24 & 5) {
            words[STATUS] = 0;
            left = 0;
        }
        words[at] = (value & 0xffffff) | (value & 1 ? 2 : 0);
    } else if (at == DATA) {
        CHECK(left > 0 && !(words[INTERRUPT] & WRITE_READY));
        memcpy(&memory[sector % SECTORS][word * 4], &value, sizeof(value));
        step(true);
    } else {
        words[at] = value;
        if (at == COMMAND)
            do_command(value);
    }
}

static uint32_t divider(void)
{
    return 2 * ((words[CONTROL1] >> 8 & 0xff) | (words[CONTROL1] >> 6 & 3) << 8);
}

static const char *begin(void)
{
    memset(words, 0, sizeof(words));
    memset(commands, 0, sizeof(commands));
    asked = waits = stopped = blocks_max = 0;
    width = 1;
    is_application = false;
    return sd_prepare();
}

static void good_card(void)
{
    memset(&card, 0, sizeof(card));
    card.is_there = true;
    CHECK(begin() == NULL);
}

static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void without_a_card_or_one_that_never_starts_there_is_none(void)
{
    CHECK_EQUAL(sd_sectors(), 0);
    CHECK(!sd_read(0, memory[0], 1));
    CHECK_TEXT(begin(), "there is no SD card");
    card.is_there = card.never_starts = true;
    const uint64_t begun = now;
    CHECK_TEXT(begin(), "the SD card does not start");
    CHECK(now - begun < UINT64_C(1100000000));
    CHECK_EQUAL(sd_sectors(), 0);
}

static void a_card_is_prepared_whichever_kind_it_is(void)
{
    base = 200000000;
    memset(&card, 0, sizeof(card));
    card.is_there = true;
    card.starts_after = 3;
    CHECK(begin() == NULL);
    CHECK_EQUAL(sd_sectors(), (0x1234 + 1) * 1024);
    CHECK_EQUAL(commands[41], 4);
    CHECK_EQUAL(width, 4);
    CHECK_EQUAL(words[CONTROL0], 2);
    CHECK_EQUAL(divider(), 8); /* 25 MHz */
    CHECK_EQUAL(pins[GPFSEL5], 07777);
    CHECK_EQUAL(pins[GPFSEL4], 077u << 24);
    card.is_old = card.counts_bytes = true;
    base = 0; /* the firmware is silent: of what the block may have, at most */
    CHECK(begin() == NULL);
    CHECK_EQUAL(sd_sectors(), 4096 * 512 * 2);
    CHECK_EQUAL(divider(), 10);
}

static void sectors_go_there_and_back(uint64_t first, uint64_t count)
{
    static uint8_t out[300 * SD_SECTOR + 1], back[300 * SD_SECTOR + 1];

    for (uint64_t i = 0; i < count * SD_SECTOR; i++)
        out[1 + i] = pattern(first + i);
    CHECK(sd_write(first, out + 1, count)); /* where no word begins */
    CHECK(memcmp(memory[first], out + 1, count * SD_SECTOR) == 0);
    CHECK(sd_read(first, back + 1, count));
    CHECK(memcmp(back + 1, out + 1, count * SD_SECTOR) == 0);
}

static void one_and_many_are_moved_in_pieces(void)
{
    for (int kind = 0; kind < 2; kind++) {
        good_card();
        card.counts_bytes = kind;
        CHECK(begin() == NULL);
        sectors_go_there_and_back(7, 1);
        CHECK_EQUAL(commands[17], 1);
        CHECK_EQUAL(commands[24], 1);
        sectors_go_there_and_back(100, 300);
        CHECK_EQUAL(blocks_max, 64);
        CHECK_EQUAL(commands[18], 5);
        CHECK_EQUAL(commands[25], 5);
        CHECK_EQUAL(commands[13], 6); /* each write is asked about */
        CHECK(waits > 0);             /* others had their turns */
        CHECK_EQUAL(stopped, 0);
        CHECK(sd_read(0, NULL, 0));
    }
}

static void what_the_card_does_not_have_is_refused(void)
{
    good_card();
    const uint64_t end = sd_sectors();
    CHECK(!sd_read(end, memory[0], 1));
    CHECK(!sd_read(end - 1, memory[0], 2));
    CHECK(!sd_write(UINT64_MAX, memory[0], 1));
    CHECK(!sd_write(1, memory[0], UINT64_MAX));
    CHECK_EQUAL(commands[17] + commands[18] + commands[24] + commands[25], 0);
}

static void a_transfer_that_fails_is_tried_once_more(void)
{
    good_card();
    card.fails_at = 20;
    card.failures = 1;
    sectors_go_there_and_back(10, 30);
    CHECK_EQUAL(commands[25], 2);
    CHECK_EQUAL(stopped, 1);
    card.failures = 2;
    CHECK(!sd_read(10, memory[1000], 30));
    CHECK_EQUAL(commands[18], 3);
    sectors_go_there_and_back(10, 30); /* and nothing is left of it */
}

static void what_the_card_says_is_believed(void)
{
    good_card();
    card.says = IS_ERROR;
    CHECK(!sd_read(1, memory[9], 1));
    CHECK(!sd_write(1, memory[9], 1));
    card.says = 0;
    card.says_later = IS_ERROR;
    CHECK(sd_read(1, memory[9], 1));
    CHECK(!sd_write(1, memory[9], 1));
    card.says_later = 0x900; /* ready, and waiting for commands: no error */
    CHECK(sd_write(1, memory[9], 1));
}

static void a_card_that_stalls_or_is_gone_ends_the_wait(void)
{
    good_card();
    card.fails_at = 2;
    card.failures = 1;
    card.stalls = true;
    uint64_t begun = now;
    CHECK(!sd_read(1, memory[9], 4));
    CHECK(!sd_write(1, memory[9], 4));
    CHECK(now - begun < UINT64_C(10000000000));
    CHECK(waits > 1000); /* others run while it lasts */
    card.failures = 0;
    card.is_silent = true;
    begun = now;
    CHECK(!sd_read(1, memory[9], 1));
    CHECK(now - begun < UINT64_C(1000000000));
    card.is_silent = false;
    sectors_go_there_and_back(1, 4);
}

int main(void)
{
    gpio_registers = pins;
    without_a_card_or_one_that_never_starts_there_is_none();
    a_card_is_prepared_whichever_kind_it_is();
    one_and_many_are_moved_in_pieces();
    what_the_card_does_not_have_is_refused();
    a_transfer_that_fails_is_tried_once_more();
    what_the_card_says_is_believed();
    a_card_that_stalls_or_is_gone_ends_the_wait();
    return 0;
}
