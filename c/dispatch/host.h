/* SPDX-License-Identifier: MIT */
/* One guest as its host sees it: memory, devices, and whether it has ended. */
#ifndef RPIKIT_HOST_H
#define RPIKIT_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/guest_memory.h"
#include "dispatch/waiter.h"

struct gpio; /* devices/gpio.h */
struct mft;  /* abi/manifest.h */

struct host {
    struct guest_memory memory;
    struct gpio *gpio; /* never NULL: the zero value denies every line */
    const struct mft *manifest; /* as it was attached; NULL: no devices */
    struct waiter *waiters; /* what poll.wait looks at, besides descriptors */
    bool halted;
    int32_t status; /* what the guest ended with, once halted */
};

/* How a call went; anything but CALL_DONE ends the guest. */
enum call_outcome {
    CALL_DONE = 0,
    CALL_UNKNOWN, /* this host has no such call */
    CALL_FAULT,   /* the argument block, or a buffer it names, is not the guest's to give */
};

/* Serves call (number) with the argument block at (at): copy in, check, act, copy out. Generated
 * from the interfaces this host was built with. */
enum call_outcome dispatch(struct host *host, uint32_t number, struct guest_addr at);

#endif
