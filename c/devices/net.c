/* SPDX-License-Identifier: MIT */
/* Frames go through the interface that was attached. */
#include "host_net.h"

#include "backends/net.h"
#include "lib/manifest.h"

solo5_result_t net_write(struct host *host, solo5_handle_t handle, const uint8_t *data,
                         uint64_t len)
{
    if (!manifest_attached(host->manifest, handle, MFT_NET_BASIC))
        return SOLO5_R_EINVAL;
    return backend_net_write((uint32_t)handle, data, len);
}

solo5_result_t net_read(struct host *host, solo5_handle_t handle, uint8_t *data, uint64_t *len)
{
    if (!manifest_attached(host->manifest, handle, MFT_NET_BASIC))
        return SOLO5_R_EINVAL;
    return backend_net_read((uint32_t)handle, data, len);
}
