/* SPDX-License-Identifier: MIT */
/* Memory of guests as a core's caches have it. */
#ifndef RPIKIT_UNDERLAY_MEMORY_H
#define RPIKIT_UNDERLAY_MEMORY_H

#include <stdint.h>

/* Makes (size) bytes at (at) zero; both are multiples of a cache line's largest size, 2 KiB. */
void memory_clear(void *at, uint64_t size);
/* Has what was written there be what every core executes. */
void memory_publish(void *at, uint64_t size);

#endif
