/* SPDX-License-Identifier: MIT */
/* What the world outside does to the lines, in its order: as it happens (posts), or at moments of
 * the guest's time (stimuli), which are the same in each run of a machine that counts
 * instructions. */
#ifndef RPIKIT_UNDERLAY_EDGES_POSTS_H
#define RPIKIT_UNDERLAY_EDGES_POSTS_H

#include <stdbool.h>
#include <stdint.h>

#define POSTS_ROOM   4096
#define STIMULI_ROOM 16384

/* Written by the outside, which then sets bit 0 of mailbox 3 of core 0. Neither is cleared by a
 * reset of the machine. */
struct posts {
    uint32_t posted; /* how many there were; by the outside */
    uint32_t taken;  /* how many were done; by the underlay */
    struct {
        uint32_t offset; /* of GPSETn or GPCLRn */
        uint32_t value;
    } entries[POSTS_ROOM]; /* entry n % POSTS_ROOM is the nth */
};

/* Loaded before the start. */
struct stimuli {
    uint64_t count;
    struct {
        uint64_t at;     /* ns after the guest first wanted an event of any line in here */
        uint32_t offset; /* as above */
        uint32_t value;
    } entries[STIMULI_ROOM]; /* in the order of time */
};

/* Does what was posted. */
void posts_take(void);

/* Says whether the guest has just wanted an event of one of the lines for the first time. */
bool stimuli_begin(void);
/* Does what is due, and sets the hypervisor's timer of this core to what comes next. */
void stimuli_play(void);

#endif
