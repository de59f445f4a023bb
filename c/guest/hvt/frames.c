/* SPDX-License-Identifier: MIT */
/* Frames by calls: each is one. */
#include "guest/frames.h"

#include "guest_net.h"

solo5_result_t frame_send(solo5_handle_t handle, const uint8_t *frame, uint64_t size)
{
    return guest_net_write(handle, frame, size);
}

solo5_result_t frame_receive(solo5_handle_t handle, uint8_t *to, uint64_t *size)
{
    return guest_net_read(handle, to, size);
}
