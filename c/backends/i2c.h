/* SPDX-License-Identifier: MIT */
/* A device on an I2C bus: how what the guest asks for is done. */
#ifndef RPIKIT_BACKENDS_I2C_H
#define RPIKIT_BACKENDS_I2C_H

#include <stdint.h>

#include "abi/solo5.h"

#define I2C_SIZE_MAX 4096 /* bytes, each way; c/interfaces/i2c.toml says so */

/* Writes (write_size) bytes to the device attached as (handle), then reads (read_size) after a
 * repeated start; either may be 0, not both. SOLO5_R_AGAIN: the device does not answer, or another
 * master took the bus. SOLO5_R_EUNSPEC: the bus failed. */
solo5_result_t backend_i2c_transfer(uint32_t handle, const void *write, uint32_t write_size,
                                    void *read, uint32_t read_size);

#endif
