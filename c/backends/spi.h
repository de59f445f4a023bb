/* SPDX-License-Identifier: MIT */
/* A device on an SPI bus: how what the guest asks for is done. */
#ifndef RPIKIT_BACKENDS_SPI_H
#define RPIKIT_BACKENDS_SPI_H

#include <stdbool.h>
#include <stdint.h>

#define SPI_SIZE_MAX 4096 /* bytes; c/interfaces/spi.toml says so */

/* Moves (size) bytes, 1 or more, both ways while the device attached as (handle) is selected.
 * (write) NULL sends zeros, (read) NULL drops what comes; not both. False if the bus failed. */
bool backend_spi_transfer(uint32_t handle, const void *write, void *read, uint32_t size);

#endif
