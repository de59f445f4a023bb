/* SPDX-License-Identifier: MIT */
/* Devices of registers on I2C buses made of memory. */
#include "backends/i2c.h"

#include "backends/fake/buses.h"
#include "lib/string.h"

struct fake_i2c fake_i2cs[FAKE_BUS_DEVICES];

void fake_buses_reset(void)
{
    memset(fake_i2cs, 0, sizeof(fake_i2cs));
    memset(fake_spis, 0, sizeof(fake_spis));
    memset(fake_pwms, 0, sizeof(fake_pwms));
}

solo5_result_t backend_i2c_transfer(uint32_t handle, const void *write, uint32_t write_size,
                                    void *read, uint32_t read_size)
{
    struct fake_i2c *it = &fake_i2cs[handle % FAKE_BUS_DEVICES];
    const uint8_t *from = write;
    uint8_t *to = read;

    if (handle >= FAKE_BUS_DEVICES || !it->present)
        return SOLO5_R_AGAIN;
    it->transfers++;
    if (it->busy > 0) {
        it->busy--;
        return SOLO5_R_AGAIN;
    }
    if (it->failing > 0) {
        it->failing--;
        return SOLO5_R_EUNSPEC;
    }
    for (uint32_t i = 0; i < write_size; i++) {
        if (i == 0)
            it->at = from[i];
        else
            it->registers[it->at++] = from[i];
    }
    for (uint32_t i = 0; i < read_size; i++)
        to[i] = it->registers[it->at++];
    return SOLO5_R_OK;
}
