/* SPDX-License-Identifier: MIT */
/* Devices on I2C buses: the guest says which of those it was granted, never an address. */
#include "host_i2c.h"

#include <stddef.h>

#include "backends/i2c.h"
#include "lib/manifest.h"

solo5_result_t i2c_transfer(struct host *host, solo5_handle_t handle, const uint8_t *write,
                            uint64_t write_size, uint8_t *read, uint64_t read_size)
{
    if (!manifest_attached(host->manifest, handle, MFT_I2C))
        return SOLO5_R_EINVAL;
    if (write_size > I2C_SIZE_MAX || read_size > I2C_SIZE_MAX || (write_size | read_size) == 0)
        return SOLO5_R_EINVAL;
    if ((write_size > 0 && !write) || (read_size > 0 && !read))
        return SOLO5_R_EINVAL;
    return backend_i2c_transfer((uint32_t)handle, write, (uint32_t)write_size, read,
                                (uint32_t)read_size);
}
