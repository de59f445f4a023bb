/* SPDX-License-Identifier: MIT */
/* The SD card in the board's slot. */
#ifndef RPIKIT_BACKENDS_BCM2837_SD_H
#define RPIKIT_BACKENDS_BCM2837_SD_H

#include <stdbool.h>
#include <stdint.h>

#define SD_SECTOR 512                  /* bytes */
#define SD_LINES  (UINT64_C(63) << 48) /* of the chip that lead to the slot, bit n for line n */

/* Has the card be ready for what follows; on one core, once. NULL, or in a few words why it is
 * not. It takes a second at most. */
const char *sd_prepare(void);

/* Sectors that the card has; 0 if there is none that is ready. */
uint64_t sd_sectors(void);

/* Moves (count) sectors, from (sector) on, all of which the card has; false if it does not, or the
 * card failed, twice: some may have been moved. Cores take turns at the card, in the order in which
 * they came, each for a few sectors at a time. */
bool sd_read(uint64_t sector, uint8_t *to, uint64_t count);
bool sd_write(uint64_t sector, const uint8_t *from, uint64_t count);

#endif
