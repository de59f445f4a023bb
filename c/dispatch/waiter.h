/* SPDX-License-Identifier: MIT */
/* A device that a guest can wait for and that has to be looked at. Freestanding. */
#ifndef RPIKIT_DISPATCH_WAITER_H
#define RPIKIT_DISPATCH_WAITER_H

#include <stdint.h>

struct waiter {
    /* Looks at the device: the handles that have something to read, bit n for handle n. Brings
     * *(patience) down to the nanoseconds after which it has to look again. */
    uint64_t (*look)(struct waiter *self, uint64_t *patience);
    struct waiter *next;
};

#endif
