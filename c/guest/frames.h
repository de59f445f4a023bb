/* SPDX-License-Identifier: MIT */
/* How frames leave a guest and reach it: what a platform brings for its network devices. */
#ifndef RPIKIT_GUEST_FRAMES_H
#define RPIKIT_GUEST_FRAMES_H

#include "abi/solo5.h"

/* Sends the frame of (size) bytes; (handle) was acquired, and (size) is within its MTU. The frame
 * is the caller's again on return. */
solo5_result_t frame_send(solo5_handle_t handle, const uint8_t *frame, uint64_t size);

/* Receives into the *(size) bytes at (to), if a frame is there, and sets *(size) to its own. */
solo5_result_t frame_receive(solo5_handle_t handle, uint8_t *to, uint64_t *size);

#endif
