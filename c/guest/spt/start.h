/* SPDX-License-Identifier: MIT */
/* From the tender's boot info to the application. */
#ifndef RPIKIT_GUEST_SPT_START_H
#define RPIKIT_GUEST_SPT_START_H

#include "abi/spt.h"

/* What the tender says; set before the application runs. */
extern const struct spt_boot_info *spt_boot;

/* Runs the application on what (boot) says, and ends the guest with its value. Called once, by
 * _start. */
void spt_start(const struct spt_boot_info *boot) __attribute__((noreturn));

#endif
