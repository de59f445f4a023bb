/* SPDX-License-Identifier: MIT */
/* The board's devices between one kernel and the next. */
#ifndef RPIKIT_UNDERLAY_LINUX_DEVICES_H
#define RPIKIT_UNDERLAY_LINUX_DEVICES_H

/* Stops what a kernel that has gone has left at work: transfers into its memory, interrupts. */
void devices_quiet(void);

/* This core's interrupts, of which the next kernel knows nothing. */
void devices_quiet_core(void);

#endif
