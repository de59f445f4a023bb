/* SPDX-License-Identifier: MIT */
/* Where things are in physical memory; underlay.lds places the first two. toolkit/rpikit/payload.py
 * places the guests. */
#ifndef RPIKIT_UNDERLAY_LAYOUT_H
#define RPIKIT_UNDERLAY_LAYOUT_H

#define LAYOUT_BLOCK  0x200000
#define LAYOUT_IMAGE  0x80000   /* where the firmware puts the image; behind it is the payload */
#define LAYOUT_OWN    0x1000000 /* what is no part of the image: stacks, tables, the guests' state */
#define LAYOUT_GUESTS 0x2000000  /* memory of guests */
#define LAYOUT_END    0x3b000000 /* the GPU's memory, with 64 MiB as the firmware gives it */

#endif
