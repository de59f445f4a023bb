/* SPDX-License-Identifier: MIT */
/* The host's side of the network ring. Freestanding. */
#ifndef RPIKIT_DEVICES_NET_RING_H
#define RPIKIT_DEVICES_NET_RING_H

#include <stdbool.h>

#include "abi/net_ring.h"
#include "dispatch/host.h"

/* What is in the ring is the guest's to change at any time: the host's own indices are here. */
struct net_ring_side {
    struct host *host;
    volatile struct net_ring *ring;
    uint32_t head, completed;
};

enum net_ring_outcome {
    NET_RING_IDLE,   /* nothing was submitted */
    NET_RING_SERVED, /* something was, and is done */
    NET_RING_FAULT, /* the ring makes no sense, or names a buffer that is not the guest's to give */
};

/* Serves what is submitted, each entry by the handlers of the calls. After NET_RING_FAULT the guest
 * must not run on. */
enum net_ring_outcome net_ring_serve(struct net_ring_side *side);

/* Whether anything is submitted that was not served. */
bool net_ring_waits(const struct net_ring_side *side);

#endif
