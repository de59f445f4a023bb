/* SPDX-License-Identifier: MIT */
/* A board made of memory: pins, console and time for tests, the same every run. */
#ifndef RPIKIT_BACKENDS_FAKE_H
#define RPIKIT_BACKENDS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/gpio.h"

#define FAKE_LINES 64
#define FAKE_LOG_MAX 4096
#define FAKE_CONSOLE_MAX 65536 /* bytes; what comes after is dropped, as a console may */

/* A line that changes: played to the guest, or seen from it. */
struct fake_edge {
    uint64_t at; /* nanoseconds of fake time */
    uint32_t line;
    bool high;
};

/* Time passes only in backend_poll(). */
struct fake_time {
    uint64_t now;  /* nanoseconds since the guest started */
    uint64_t wall; /* nanoseconds from 1970-01-01 UTC to the guest's start */
};

struct fake_pins {
    struct gpio_backend face; /* what devices/gpio.c is given */
    bool high[FAKE_LINES];
    bool output[FAKE_LINES];
    uint32_t failing; /* backend calls that report failure from now on */
    struct fake_edge log[FAKE_LOG_MAX];
    size_t logged;
    const struct fake_edge *stimuli; /* in order of time */
    size_t stimuli_left;
};

struct fake_console {
    char text[FAKE_CONSOLE_MAX + 1]; /* NUL-terminated */
    size_t size;
};

/* Handles that can be read, bit n for handle n: what a guest that waits is told until whoever set a
 * bit takes it away. */
extern uint64_t fake_ready;

extern struct fake_time fake_time;
extern struct fake_pins fake_pins;
extern struct fake_console fake_console;

/* Forgets everything: pins low inputs, an empty console, time 0. */
void fake_reset(void);

/* Plays (count) edges, which stay the caller's, to the guest's inputs as time passes. */
void fake_play(const struct fake_edge *edges, size_t count);

/* When the next stimulus is due, UINT64_MAX if none is; and let it happen. */
uint64_t fake_stimulus_next(void);
void fake_stimulus_apply(void);

#endif
