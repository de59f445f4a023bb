/* SPDX-License-Identifier: MIT */
/* What of the machine the guest sees: everything where it is, but for what the underlay keeps. */
#ifndef RPIKIT_UNDERLAY_EDGES_STAGE2_H
#define RPIKIT_UNDERLAY_EDGES_STAGE2_H

/* Writes the tables, once. */
void stage2_prepare(void);
/* Has this core's guest go through them. */
void stage2_use(void);

#endif
