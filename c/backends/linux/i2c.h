/* SPDX-License-Identifier: MIT */
/* Devices on I2C buses under Linux: a bus' node and an address for each handle. */
#ifndef RPIKIT_BACKENDS_LINUX_I2C_H
#define RPIKIT_BACKENDS_LINUX_I2C_H

#include <stdint.h>

#include "backends/linux/failures.h"

#define I2C_ADDRESS_FIRST 0x08 /* those below and above are reserved: UM10204, section 3.1.12 */
#define I2C_ADDRESS_LAST  0x77

struct i2c_trouble {
    char text[160];
};

/* Opens (bus) for the device at (address) as (handle), below 64. Before the sandbox. Returns 0, or
 * an error and what went wrong. */
long i2c_open(uint32_t handle, uint32_t bus, uint32_t address, struct i2c_trouble *trouble);

/* The transfers that failed, without those that the device did not answer: how many, and the error
 * of the last. */
extern struct failures i2c_failures;

#endif
