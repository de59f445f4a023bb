/* SPDX-License-Identifier: MIT */
/* Where things are in physical memory. toolkit/rpikit/virtual/underlay.py says the same to QEMU. */
#ifndef RPIKIT_UNDERLAY_EDGES_LAYOUT_H
#define RPIKIT_UNDERLAY_EDGES_LAYOUT_H

/* Below RESERVED nothing is the guest's: the spin table of the firmware, the underlay, and what is
 * handed to it. */
#define RESERVED 0x200000
#define POSTS    0x100000  /* struct posts: what moves lines from outside, as it happens */
#define STIMULI  0x180000  /* struct stimuli: what moves lines from outside, by guest time */
#define KERNEL   0x2000000 /* the guest's Image, at a multiple of 2 MiB */

#endif
