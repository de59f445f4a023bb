/* SPDX-License-Identifier: MIT */
/* A kernel's requests for cores and for the end: Arm's PSCI 1.0 (DEN0022), by HVC. */
#ifndef RPIKIT_UNDERLAY_LINUX_PSCI_H
#define RPIKIT_UNDERLAY_LINUX_PSCI_H

#include <stdbool.h>
#include <stdint.h>

/* A kernel begins that has so many cores, from 0 on, and runs on the first. */
void psci_begin(uint32_t of_cores);

/* Does what (function) asks, with its arguments; the result for x0. */
int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third);

/* Whether the kernel wants this core, which it has not yet; where it begins, and with what in x0.
 * Core 0 is never asked for. */
bool psci_is_wanted(uint64_t *entry, uint64_t *context);

/* Of the program: ends the WFI of a core; ends the kernel, which may want to begin again. */
void psci_wake(uint32_t core);
void psci_end(bool boots_again);

#endif
