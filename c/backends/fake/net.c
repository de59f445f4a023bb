/* SPDX-License-Identifier: MIT */
/* Networks made of memory: frames for the guest go in, the guest's own come out. */
#include "backends/net.h"

#include "backends/fake/fake.h"
#include "lib/string.h"

struct fake_net fake_nets[FAKE_DEVICES];

static bool put(struct fake_frames *frames, const void *bytes, uint64_t size)
{
    if (frames->count == FAKE_FRAMES || size > FAKE_FRAME_MAX)
        return false;
    struct fake_frame *frame = &frames->frame[(frames->first + frames->count++) % FAKE_FRAMES];
    frame->size = (size_t)size;
    memcpy(frame->bytes, bytes, (size_t)size);
    return true;
}

const struct fake_frame *fake_net_take(uint32_t handle)
{
    struct fake_frames *frames = &fake_nets[handle].sent;

    if (frames->count == 0)
        return NULL;
    frames->count--;
    return &frames->frame[frames->first++ % FAKE_FRAMES];
}

bool fake_net_give(uint32_t handle, const void *frame, size_t size)
{
    if (!put(&fake_nets[handle].waiting, frame, size))
        return false;
    fake_ready |= UINT64_C(1) << handle;
    return true;
}

solo5_result_t backend_net_write(uint32_t handle, const void *frame, uint64_t size)
{
    if (handle >= FAKE_DEVICES || size < SOLO5_NET_HLEN || size > FAKE_FRAME_MAX)
        return SOLO5_R_EINVAL;
    return put(&fake_nets[handle].sent, frame, size) ? SOLO5_R_OK : SOLO5_R_AGAIN;
}

solo5_result_t backend_net_read(uint32_t handle, void *to, uint64_t *size)
{
    if (handle >= FAKE_DEVICES)
        return SOLO5_R_EINVAL;
    struct fake_frames *frames = &fake_nets[handle].waiting;
    if (frames->count == 0)
        return SOLO5_R_AGAIN;
    const struct fake_frame *frame = &frames->frame[frames->first++ % FAKE_FRAMES];
    if (--frames->count == 0)
        fake_ready &= ~(UINT64_C(1) << handle);
    if (frame->size < *size)
        *size = frame->size;
    memcpy(to, frame->bytes, (size_t)*size);
    return SOLO5_R_OK;
}
