/* SPDX-License-Identifier: MIT */
/* Network devices, one frame at a time. */
#include "guest/frames.h"

#include "guest/acquire.h"
#include "lib/string.h"

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info)
{
    const struct mft_entry *entry = acquire(name, MFT_NET_BASIC, handle);

    if (!entry)
        return SOLO5_R_EINVAL;
    memcpy(info->mac_address, entry->u.net.mac, sizeof(info->mac_address));
    info->mtu = entry->u.net.mtu;
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    const struct mft_entry *entry = acquired(handle, MFT_NET_BASIC);

    if (!entry || size > (size_t)entry->u.net.mtu + SOLO5_NET_HLEN)
        return SOLO5_R_EINVAL;
    return frame_send(handle, buf, size);
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    uint64_t len = size;

    if (!acquired(handle, MFT_NET_BASIC))
        return SOLO5_R_EINVAL;
    const solo5_result_t result = frame_receive(handle, buf, &len);
    if (result == SOLO5_R_OK)
        *read_size = (size_t)len;
    return result;
}
