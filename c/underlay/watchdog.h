/* SPDX-License-Identifier: MIT */
/* The chip's watchdog over the underlay itself: it is fed while every core comes by. */
#ifndef RPIKIT_UNDERLAY_WATCHDOG_H
#define RPIKIT_UNDERLAY_WATCHDOG_H

#include <stdint.h>

/* From now on the chip resets the board (seconds) after the last time that all cores had come by;
 * 0: it does not. At most WATCHDOG_SECONDS_MAX. Cores below (first) do not have to. */
void watchdog_begin(uint32_t seconds, uint32_t first);

/* Core (core) comes by, at (now); returns when it has to come by again, UINT64_MAX: it need not. */
uint64_t watchdog_pass(uint32_t core, uint64_t now);

#endif
