/* SPDX-License-Identifier: MIT */
/* A board made of memory: pins, console and time for tests, the same every run. */
#ifndef RPIKIT_BACKENDS_FAKE_H
#define RPIKIT_BACKENDS_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/gpio.h"

#define FAKE_LINES 64
#define FAKE_EDGES 16 /* reported and not fetched: the kernel's default */
#define FAKE_LOG_MAX 4096
#define FAKE_DEVICES 8      /* disks and networks: handles below this */
#define FAKE_FRAMES 16      /* that wait, each way */
#define FAKE_FRAME_MAX 2048 /* bytes */
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
    bool rising[FAKE_LINES], falling[FAKE_LINES]; /* edges asked for */
    bool silent; /* edges are asked for in vain, as of QEMU's BCM2835 */
    struct gpio_edge edges[FAKE_EDGES];
    size_t edge_count;
    uint32_t lost[FAKE_LINES];
    uint32_t failing; /* backend calls that report failure from now on */
    struct fake_edge log[FAKE_LOG_MAX];
    size_t logged;
    const struct fake_edge *stimuli; /* in order of time */
    size_t stimuli_left;
};

struct fake_disk {
    uint8_t *bytes; /* the test's own */
    uint64_t size;
    uint32_t failing; /* transfers that fail from now on */
};

struct fake_frame {
    size_t size;
    uint8_t bytes[FAKE_FRAME_MAX];
};

struct fake_frames {
    size_t first, count;
    struct fake_frame frame[FAKE_FRAMES];
};

struct fake_net {
    struct fake_frames sent, waiting; /* by the guest, for the guest */
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
extern struct fake_disk fake_disks[FAKE_DEVICES];
extern struct fake_net fake_nets[FAKE_DEVICES];

/* Forgets everything: pins low inputs, no disks, empty networks, an empty console, time 0. */
void fake_reset(void);

/* Plays (count) edges, which stay the caller's, to the guest's inputs as time passes. */
void fake_play(const struct fake_edge *edges, size_t count);

/* Takes the oldest frame that the guest sent through (handle); NULL if there is none. It is good
 * until the guest has sent FAKE_FRAMES more. */
const struct fake_frame *fake_net_take(uint32_t handle);

/* Leaves a frame for the guest, which is then ready; false if too many wait. */
bool fake_net_give(uint32_t handle, const void *frame, size_t size);

/* When the next stimulus is due, UINT64_MAX if none is; and let it happen. */
uint64_t fake_stimulus_next(void);
void fake_stimulus_apply(void);

#endif
