/* SPDX-License-Identifier: MIT */
/* A hostile guest: memory, devices of which some are granted, and another core that changes memory
 * whenever the host has looked at it. Links with --wrap=... for each __wrap_ function of guest.c.
 */
#ifndef RPIKIT_TESTS_FUZZ_GUEST_H
#define RPIKIT_TESTS_FUZZ_GUEST_H

#include <stdbool.h>

#include "dispatch/host.h"
#include "fuzz.h"

#define GUEST_SIZE     0x4000 /* bytes */
#define GUEST_READONLY 0x1000 /* bytes from 0 that calls must not write */

enum {
    GUEST_DISK = 1,
    GUEST_NET,
    GUEST_INPUT,
    GUEST_OUTPUT,
    GUEST_I2C,
    GUEST_SPI,
    GUEST_PWM,
    GUEST_DENIED,
    GUEST_ENTRIES
};

/* What the other core stores into guest memory each time the host has checked or fetched. */
struct guest_race {
    uint8_t skip, times; /* looks of the host to let pass, then stores */
    uint16_t at;         /* 8-aligned, into what may be written */
    uint64_t value;
};

/* The guest's memory, between regions that AddressSanitizer lets nobody touch. */
extern uint8_t *const guest_bytes;

/* A board as new, and a guest on it. */
void guest_start(struct host *host);

/* The guest stores (size) bytes of its own at (at); what lies outside memory is left out. */
void guest_store(uint64_t at, const void *from, size_t size);

/* Begins to watch, and starts the other core. (more), if not NULL, is run
 * at each of its moments, too. */
void guest_watch(struct guest_race race, void (*more)(void));

/* Ends to watch. Memory must differ only where guest_out() gave a pointer, or the other core wrote;
 * nothing that was not granted may have moved; and backends must only have been given bytes that
 * guest_in() or guest_out() gave. */
void guest_check(void);

#endif
