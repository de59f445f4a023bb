/* SPDX-License-Identifier: MIT */
/* Devices on SPI buses under Linux: a node of spidev for each handle. */
#ifndef RPIKIT_BACKENDS_LINUX_SPI_H
#define RPIKIT_BACKENDS_LINUX_SPI_H

#include <stdint.h>

#include "backends/linux/failures.h"

struct spi_grant {
    uint32_t bus, chip_select;
    uint32_t mode;  /* 0 to 3 */
    uint32_t speed; /* Hz, at most */
};

struct spi_trouble {
    char text[160];
};

/* Opens and sets up what (grant) says as (handle), below 64. Before the sandbox. Returns 0, or an
 * error and what went wrong. */
long spi_open(uint32_t handle, const struct spi_grant *grant, struct spi_trouble *trouble);

/* The transfers that failed: how many, and the error of the last. */
extern struct failures spi_failures;

#endif
