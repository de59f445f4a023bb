/* SPDX-License-Identifier: MIT */
/* The end of the machine. */
#ifndef RPIKIT_BACKENDS_BCM2837_POWER_H
#define RPIKIT_BACKENDS_BCM2837_POWER_H

#include <stdbool.h>

/* Resets the machine, or switches it off: a Pi's firmware then waits for power. */
__attribute__((noreturn)) void power_end(bool boots_again);

#endif
