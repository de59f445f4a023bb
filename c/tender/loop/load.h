/* SPDX-License-Identifier: MIT */
/* A unikernel for the loop platform: a shared object with a manifest note and one entry. */
#ifndef RPIKIT_TENDER_LOOP_LOAD_H
#define RPIKIT_TENDER_LOOP_LOAD_H

#include "abi/loop.h"
#include "abi/manifest.h"

struct loop_image {
    loop_entry *entry;
    struct mft *manifest; /* checked; a copy that may be written to */
};

/* Loads (path) into this process; ends the tender if it is no such unikernel. */
struct loop_image loop_load(const char *path);

#endif
