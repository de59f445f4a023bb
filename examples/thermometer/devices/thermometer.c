/* SPDX-License-Identifier: MIT */
/* What the board does when the firmware asks for a temperature. */
#include "host_thermometer.h"

#include "backends/i2c.h"
#include "lib/manifest.h"

/* The register with the temperature, in 1/256 of a degree, highest byte first. LM75: the lowest
 * seven bits are always 0; TMP102: the lowest four. */
static const uint8_t temperature_register = 0;

solo5_result_t thermometer_read(struct host *host, solo5_handle_t handle, int32_t *temperature)
{
    uint8_t raw[2];

    if (!manifest_attached(host->manifest, handle, MFT_I2C))
        return SOLO5_R_EINVAL;
    const solo5_result_t result = backend_i2c_transfer(
        (uint32_t)handle, &temperature_register, sizeof(temperature_register), raw, sizeof(raw));
    if (result == SOLO5_R_OK)
        *temperature = (int16_t)(raw[0] << 8 | raw[1]) * 1000 / 256;
    return result;
}
