/* SPDX-License-Identifier: MIT */
/* What wakes a guest that sleeps. */
#ifndef RPIKIT_BACKENDS_LINUX_POLL_H
#define RPIKIT_BACKENDS_LINUX_POLL_H

#include <stdint.h>

#define POLL_WAKE 0 /* no device has this handle */

/* Makes backend_poll() report (handle), 1 to 63, whenever something can be read from (fd), which
 * stays open; with POLL_WAKE it returns then and reports nothing. Before the sandbox. Returns 0 or
 * an error. */
long poll_add(int fd, uint32_t handle);

#endif
