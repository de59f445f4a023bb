/* SPDX-License-Identifier: MIT */
/* Pins that two processes share: the guest's host on one side, the bench on the other. */
#ifndef RPIKIT_BACKENDS_HOST_PINS_H
#define RPIKIT_BACKENDS_HOST_PINS_H

#include <stdint.h>

#define PINS_VERSION 1
#define PINS_LINES   64
#define PINS_EDGES   65536 /* the newest ones are kept, of each side */

/* What the name of the FIFO adds to that of the pins: a byte in it for each edge of the bench's. */
#define PINS_WAKE ".wake"

/* What one side does to a line; zero is nothing, so that a file of zeros is pins at rest. */
enum pins_drive { PINS_FREE = 0, PINS_LOW = 1, PINS_HIGH = 2 };

/* A line that changed. */
struct pins_edge {
    uint64_t at;   /* nanoseconds of CLOCK_MONOTONIC */
    uint64_t line; /* number, + PINS_LINES if it became high */
};

/* Written by one side only, so that no lock is needed. */
struct pins_side {
    uint8_t drive[PINS_LINES]; /* enum pins_drive */
    uint64_t count;            /* edges ever written: the next one goes to count % PINS_EDGES */
    struct pins_edge edge[PINS_EDGES];
};

/* The level of a line is what the guest drives, else what the bench drives, else its pull, else
 * low. rpikit/bench/host.py knows this layout as well; tests/unit/test_bench_host.py compares. */
struct pins {
    uint64_t version;         /* PINS_VERSION, 0 as yet if nobody has been here */
    uint8_t pull[PINS_LINES]; /* enum pins_drive; the guest's */
    struct pins_side guest, bench;
};

_Static_assert(sizeof(struct pins) == 72 + 2 * (72 + 16 * PINS_EDGES), "no padding");

#endif
