/* SPDX-License-Identifier: MIT */
/* SPI buses of the developer's machine: the output is wired to the input. */
#include "backends/linux/spi.h"

#include "backends/spi.h"
#include "lib/string.h"

struct failures spi_failures;

long spi_open(uint32_t handle, const struct spi_grant *grant, struct spi_trouble *trouble)
{
    (void)handle;
    (void)grant;
    (void)trouble;
    return 0;
}

bool backend_spi_transfer(uint32_t handle, const void *write, void *read, uint32_t size)
{
    (void)handle;
    if (read && write)
        memmove(read, write, size);
    else if (read)
        memset(read, 0, size);
    return true;
}
