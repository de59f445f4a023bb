/* SPDX-License-Identifier: MIT */
/* From the tender's boot info to the application. */
#ifndef RPIKIT_GUEST_HVT_START_H
#define RPIKIT_GUEST_HVT_START_H

#include "abi/boot_info.h"

/* Runs the application on what (boot) says, and ends the guest with its value. Called once, by
 * _start. */
void hvt_start(const struct hvt_boot_info *boot) __attribute__((noreturn));

#endif
