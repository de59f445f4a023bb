/* SPDX-License-Identifier: MIT */
/* The guest's requests for cores and for the end: Arm's PSCI 1.0 (DEN0022), by HVC. */
#ifndef RPIKIT_UNDERLAY_EDGES_PSCI_H
#define RPIKIT_UNDERLAY_EDGES_PSCI_H

#include <stdint.h>

/* Does what (function) asks, with two arguments; the result for x0. Does not return from an end. */
int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third);

/* Waits until this core is wanted; returns where it begins, and what is in x0 there. */
uint64_t psci_wait(uint64_t *context);

#endif
