/* SPDX-License-Identifier: MIT */
/* A Linux beside the guests, in an image that has room for one: linux/. In the other one, alone.c
 * says that there is none. */
#ifndef RPIKIT_UNDERLAY_BESIDE_H
#define RPIKIT_UNDERLAY_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "underlay/payload.h"

/* Makes a guest of the Linux of (payload), which was checked; the others have their lines. NULL, or
 * in a few words why there cannot be one. */
const char *beside_prepare(const struct payload *payload);

/* Cores that are not the guests': those below this one. */
uint32_t beside_cores(void);

/* Linux's life, or lives, on this core. */
__attribute__((noreturn)) void beside_run(void);

/* Linux's console: what it writes from its core, and what others say. The latter may come on any
 * core, not under a lock. */
void beside_write(const char *text, size_t size);
void beside_hear(const char *text, size_t size);

#endif
