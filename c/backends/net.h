/* SPDX-License-Identifier: MIT */
/* Network interfaces, by the handle of the device; the device has checked the handle. */
#ifndef RPIKIT_BACKENDS_NET_H
#define RPIKIT_BACKENDS_NET_H

#include <stdint.h>

#include "abi/solo5.h"

/* Sends a frame. SOLO5_R_AGAIN: no room now; SOLO5_R_EINVAL: this is no frame. */
solo5_result_t backend_net_write(uint32_t handle, const void *frame, uint64_t size);

/* Puts the next frame into the *(size) bytes at (to) and its size into *(size).
 * SOLO5_R_AGAIN: there is none. */
solo5_result_t backend_net_read(uint32_t handle, void *to, uint64_t *size);

#endif
