/* SPDX-License-Identifier: MIT */
/* The SD card (SD Physical Layer Simplified Specification 6.00, chapters 4 and 5). */
#include "backends/bcm2837/sd.h"

#include <stddef.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/emmc.h"
#include "backends/bcm2837/wait.h"

/* Table 4-22 and following. */
#define GO_IDLE        EMMC_COMMAND(0)
#define SEND_ALL_NAMES (EMMC_COMMAND(2) | EMMC_LONG)
#define SEND_ADDRESS   (EMMC_COMMAND(3) | EMMC_SHORT)
#define SET_WIDTH      (EMMC_COMMAND(6) | EMMC_SHORT) /* behind APPLICATION */
#define SELECT         (EMMC_COMMAND(7) | EMMC_BUSY)
#define SEND_CONDITION (EMMC_COMMAND(8) | EMMC_SHORT)
#define SEND_DATA      (EMMC_COMMAND(9) | EMMC_LONG) /* that are specific to the card */
#define SEND_STATUS    (EMMC_COMMAND(13) | EMMC_SHORT)
#define SET_BLOCK      (EMMC_COMMAND(16) | EMMC_SHORT)
#define READ           (EMMC_COMMAND(17) | EMMC_SHORT)
#define READ_MANY      (EMMC_COMMAND(18) | EMMC_SHORT | EMMC_MANY)
#define WRITE          (EMMC_COMMAND(24) | EMMC_SHORT)
#define WRITE_MANY     (EMMC_COMMAND(25) | EMMC_SHORT | EMMC_MANY)
#define BEGIN          (EMMC_COMMAND(41) | EMMC_PLAIN) /* behind APPLICATION */
#define APPLICATION    (EMMC_COMMAND(55) | EMMC_SHORT)

#define CONDITION      UINT32_C(0x1aa)      /* 2.7 to 3.6 V, and a pattern */
#define VOLTAGES       UINT32_C(0x00ff8000) /* 5.1: the same */
#define HAS_SECTORS    (UINT32_C(1) << 30)  /* it counts sectors, not bytes */
#define IS_READY       (UINT32_C(1) << 31)
#define FOUR_LINES     2
/* Table 4-42: it is outside, misaligned, of a wrong length, protected, locked; the card's own. */
#define REFUSED UINT32_C(0xe6380000)

#define SPEED   25000000             /* Hz, of any card */
#define START   UINT64_C(1000000000) /* ns: 4.2.3 */
#define TRIES   2
#define PIECE   64                /* sectors that somebody moves before it is the next one's turn */
#define STEP    UINT64_C(1000000) /* ns until somebody who waits looks again: no polling */

static uint64_t sectors;
static uint32_t address; /* RCA, as commands have it */
static bool has_sectors;
static uint32_t drawn, served; /* tickets */

static void begin(void)
{
    const uint32_t ticket = __atomic_fetch_add(&drawn, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&served, __ATOMIC_ACQUIRE) != ticket)
        wait_aside(clock_ticks() + clock_ticks_of(STEP));
}

static void end(void)
{
    __atomic_store_n(&served, served + 1, __ATOMIC_RELEASE);
}

static bool application(uint32_t command, uint32_t argument, uint32_t *answer)
{
    return emmc_command(APPLICATION, address, NULL) && emmc_command(command, argument, answer);
}

/* Until the card has started, which it is asked for again and again. */
static const char *start(void)
{
    const uint64_t limit = clock_ticks() + clock_ticks_of(START);
    uint32_t answer[4];

    emmc_command(GO_IDLE, 0, NULL);
    const bool is_new = emmc_command(SEND_CONDITION, CONDITION, answer);
    if (!is_new)
        emmc_recover();
    for (;;) {
        const uint64_t now = clock_ticks();
        if (!application(BEGIN, VOLTAGES | (is_new ? HAS_SECTORS : 0), answer))
            return "there is no SD card";
        if (answer[0] & IS_READY)
            break;
        if (now >= limit)
            return "the SD card does not start";
    }
    has_sectors = (answer[0] & HAS_SECTORS) != 0;
    return NULL;
}

/* What the card says of itself (5.3), of which the answer leaves out the lowest 8 bits. */
static uint64_t size(const uint32_t *csd)
{
    if (csd[3] >> 22 & 3)
        return ((uint64_t)(csd[1] >> 8 & 0x3fffff) + 1) << 10;
    const uint64_t blocks = (uint64_t)((csd[2] & 3) << 10 | csd[1] >> 22) + 1;
    return blocks << ((csd[1] >> 7 & 7) + 2 + (csd[2] >> 8 & 15)) >> 9;
}

static bool choose(uint32_t *csd)
{
    uint32_t answer[4];

    if (!emmc_command(SEND_ALL_NAMES, 0, NULL) || !emmc_command(SEND_ADDRESS, 0, answer))
        return false;
    address = answer[0] & UINT32_C(0xffff0000);
    return emmc_command(SEND_DATA, address, csd) && emmc_command(SELECT, address, NULL) &&
           emmc_command(SET_BLOCK, SD_SECTOR, NULL) && application(SET_WIDTH, FOUR_LINES, NULL);
}

const char *sd_prepare(void)
{
    uint32_t csd[4];

    if (!emmc_prepare())
        return "the controller of the SD card does not work";
    address = 0;
    const char *const wrong = start();
    if (wrong)
        return wrong;
    if (!choose(csd))
        return "the SD card does not answer";
    emmc_widen();
    if (!emmc_clock(SPEED))
        return "the controller of the SD card does not work";
    sectors = size(csd);
    return NULL;
}

uint64_t sd_sectors(void)
{
    return sectors;
}

static uint32_t place(uint64_t sector)
{
    return (uint32_t)(has_sectors ? sector : sector * SD_SECTOR);
}

static bool read_once(uint64_t sector, uint8_t *to, uint32_t count)
{
    uint32_t answer = 0;

    return emmc_read(count > 1 ? READ_MANY : READ, place(sector), to, count, &answer) &&
           !(answer & REFUSED);
}

/* What was written may be found wrong later. */
static bool write_once(uint64_t sector, const uint8_t *from, uint32_t count)
{
    uint32_t answer = 0, later[4];

    return emmc_write(count > 1 ? WRITE_MANY : WRITE, place(sector), from, count, &answer) &&
           emmc_command(SEND_STATUS, address, later) && !((answer | later[0]) & REFUSED);
}

/* Moves (count) sectors: to (to), or else from (from). */
static bool piece(uint64_t sector, uint8_t *to, const uint8_t *from, uint32_t count)
{
    bool is_done = false;

    begin();
    for (int i = 0; i < TRIES && !is_done; i++) {
        is_done = to ? read_once(sector, to, count) : write_once(sector, from, count);
        if (!is_done)
            emmc_recover();
    }
    end();
    return is_done;
}

/* In pieces, as piece() does. */
static bool move(uint64_t sector, uint8_t *to, const uint8_t *from, uint64_t count)
{
    if (sector > sectors || count > sectors - sector)
        return false;
    for (uint64_t at = 0; at < count; at += PIECE) {
        const uint32_t some = (uint32_t)(count - at < PIECE ? count - at : PIECE);
        if (!piece(sector + at, to ? to + at * SD_SECTOR : NULL, from + at * SD_SECTOR, some))
            return false;
    }
    return true;
}

bool sd_read(uint64_t sector, uint8_t *to, uint64_t count)
{
    return move(sector, to, to, count);
}

bool sd_write(uint64_t sector, const uint8_t *from, uint64_t count)
{
    return move(sector, NULL, from, count);
}
