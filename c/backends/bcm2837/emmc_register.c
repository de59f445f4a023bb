/* SPDX-License-Identifier: MIT */
/* The words of the EMMC block, on the chip. */
#include "backends/bcm2837/emmc.h"
#include "backends/bcm2837/registers.h"

uint32_t emmc_register_read(uint32_t at)
{
    return read32(EMMC + 4 * (uint64_t)at);
}

void emmc_register_write(uint32_t at, uint32_t value)
{
    write32(EMMC + 4 * (uint64_t)at, value);
}
