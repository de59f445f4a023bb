/* SPDX-License-Identifier: MIT */
/* Devices on SPI buses: the guest says which of those it was granted. */
#include "host_spi.h"

#include "backends/spi.h"
#include "lib/manifest.h"

solo5_result_t spi_transfer(struct host *host, solo5_handle_t handle, const uint8_t *write,
                            uint8_t *read, uint64_t len)
{
    if (!manifest_attached(host->manifest, handle, MFT_SPI))
        return SOLO5_R_EINVAL;
    if (len == 0 || len > SPI_SIZE_MAX || (!write && !read))
        return SOLO5_R_EINVAL;
    return backend_spi_transfer((uint32_t)handle, write, read, (uint32_t)len) ? SOLO5_R_OK
                                                                              : SOLO5_R_EUNSPEC;
}
