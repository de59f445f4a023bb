/* SPDX-License-Identifier: MIT */
/* The controller of the SD card: commands and blocks of data. */
#ifndef RPIKIT_BACKENDS_BCM2837_EMMC_H
#define RPIKIT_BACKENDS_BCM2837_EMMC_H

#include <stdbool.h>
#include <stdint.h>

#define EMMC_BLOCK 512 /* bytes */

/* A command's number, and of what kind its answer is (SD Physical Layer Simplified Specification,
 * 4.9), as the controller has them (BCM2835 ARM Peripherals, section 5, CMDTM). */
#define EMMC_COMMAND(number) (UINT32_C(number) << 24)
#define EMMC_SHORT           UINT32_C(0x1a0000) /* R1, R6, R7 */
#define EMMC_PLAIN           UINT32_C(0x020000) /* R3: without a check */
#define EMMC_BUSY            UINT32_C(0x1b0000) /* R1b: the card works on */
#define EMMC_LONG            UINT32_C(0x090000) /* R2 */
/* Data that follow: of how many blocks, and which way. */
#define EMMC_DATA  UINT32_C(0x200000)
#define EMMC_TO_US UINT32_C(0x000010)
#define EMMC_MANY  UINT32_C(0x000026) /* counted, and ended by CMD12 */

/* Connects the controller with the card's pins and resets it; the clock is 400 kHz. */
bool emmc_prepare(void);
/* Sets the clock, at most (hz). */
bool emmc_clock(uint32_t hz);
/* Has data go over four lines. */
void emmc_widen(void);

/* Has the card do (command) with (argument). (answer): 4 words, the lowest first, or NULL. All of
 * these are bounded in time, and false if the card or a time-out said so. */
bool emmc_command(uint32_t command, uint32_t argument, uint32_t *answer);

/* The same, with (count) blocks of data, 1 to 65535, and what the card says of the command in
 * *(answer). */
bool emmc_read(uint32_t command, uint32_t argument, uint8_t *to, uint32_t count, uint32_t *answer);
bool emmc_write(uint32_t command, uint32_t argument, const uint8_t *from, uint32_t count,
                uint32_t *answer);

/* After one that failed: the controller forgets it, and a card that moves data is told to stop. */
void emmc_recover(void);

/* Word (at) of its registers; of emmc_register.c, or of a test. */
uint32_t emmc_register_read(uint32_t at);
void emmc_register_write(uint32_t at, uint32_t value);

#endif
