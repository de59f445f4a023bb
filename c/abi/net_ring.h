/* SPDX-License-Identifier: MIT */
/* The network ring, by which frames go without leaving the guest (Solo5 hvt since 0.11): shared
 * memory in which the guest submits and a thread of the host serves. Little-endian; indices run
 * freely, an entry's place is its index modulo NET_RING_SLOTS. */
#ifndef RPIKIT_ABI_NET_RING_H
#define RPIKIT_ABI_NET_RING_H

#include <stddef.h>
#include <stdint.h>

#define HVT_FEATURE_NET_RING UINT32_C(1) /* in hvt_boot_info.features_offered */
#define NET_RING_KICK        32          /* a store to HVT_CALL_ADDRESS() of it wakes the host */
#define NET_RING_SLOTS       1024
#define NET_RING_FRAME_MAX   2048 /* bytes of a frame; a larger one goes by call */

enum net_ring_op {
    NET_RING_WRITE = 1, /* has no completion; its buffer is free once the host's head is past it */
    NET_RING_READ = 2,
};

struct net_ring_submission {
    uint32_t op; /* enum net_ring_op */
    uint32_t handle;
    uint64_t data; /* guest address */
    uint32_t len;  /* bytes */
    uint32_t id;   /* the guest's own, given back */
    uint64_t reserved;
};

struct net_ring_completion {
    uint32_t id;
    int32_t result; /* solo5_result_t */
    uint32_t len;   /* bytes */
    uint32_t reserved;
};

struct net_ring {
    /* The guest's. */
    uint32_t tail;            /* behind the last submission */
    uint32_t completion_head; /* behind the last completion it has seen */
    uint32_t guest_padding[14];
    /* The host's. */
    uint32_t head;            /* behind the last submission it has served */
    uint32_t completion_tail; /* behind the last completion */
    uint32_t needs_kick;      /* not 0: it sleeps */
    uint32_t host_padding[13];
    struct net_ring_submission submission[NET_RING_SLOTS];
    struct net_ring_completion completion[NET_RING_SLOTS];
};

_Static_assert(sizeof(struct net_ring_submission) == 32, "Solo5 network ring");
_Static_assert(sizeof(struct net_ring_completion) == 16, "Solo5 network ring");
_Static_assert(offsetof(struct net_ring, head) == 64, "Solo5 network ring");
_Static_assert(offsetof(struct net_ring, submission) == 128, "Solo5 network ring");
_Static_assert(offsetof(struct net_ring, completion) == 32896, "Solo5 network ring");
_Static_assert(sizeof(struct net_ring) == 49280, "Solo5 network ring");

#endif
