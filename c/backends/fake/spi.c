/* SPDX-License-Identifier: MIT */
/* SPI buses whose output is wired to their input. */
#include "backends/spi.h"

#include "backends/fake/buses.h"
#include "lib/string.h"

struct fake_spi fake_spis[FAKE_BUS_DEVICES];

bool backend_spi_transfer(uint32_t handle, const void *write, void *read, uint32_t size)
{
    struct fake_spi *it = &fake_spis[handle % FAKE_BUS_DEVICES];

    if (handle >= FAKE_BUS_DEVICES || !it->present || size > FAKE_SPI_MAX)
        return false;
    if (it->failing > 0) {
        it->failing--;
        return false;
    }
    it->sent_size = size;
    if (write)
        memcpy(it->sent, write, size);
    else
        memset(it->sent, 0, size);
    if (read)
        memcpy(read, it->sent, size);
    return true;
}
