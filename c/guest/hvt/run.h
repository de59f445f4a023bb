/* SPDX-License-Identifier: MIT */
/* Runs the application in memory of its own, on hvt and spt alike. */
#ifndef RPIKIT_GUEST_HVT_RUN_H
#define RPIKIT_GUEST_HVT_RUN_H

#include <stdint.h>

#include "abi/manifest.h"

/* What the tender says, whichever it is. */
struct run {
    const char *platform;       /* for the banner */
    uint64_t memory_size;       /* bytes, from address 0 on */
    uint64_t counter_frequency; /* Hz */
    const char *cmdline;
    const struct mft *manifest;
};

/* Finds the heap, says the banner, starts clock and devices, runs the application, and ends the
 * guest with its value. */
void run_application(const struct run *run) __attribute__((noreturn));

#endif
