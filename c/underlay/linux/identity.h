/* SPDX-License-Identifier: MIT */
/* What of the machine a kernel sees that has its devices: everything where it is, but for memory
 * and pages of registers that the underlay keeps. */
#ifndef RPIKIT_UNDERLAY_LINUX_IDENTITY_H
#define RPIKIT_UNDERLAY_LINUX_IDENTITY_H

#include <stdint.h>

/* Writes the tables, once: memory from (start) to (end), multiples of 2 MiB, and all registers. */
void identity_prepare(uint64_t start, uint64_t end);
/* Takes the page of registers at (page) away; pages in at most 2 blocks of 2 MiB. */
void identity_hide(uint64_t page);
/* Has this core's guest go through them, which the TLB knows as (name). */
void identity_use(uint64_t name);

#endif
