/* SPDX-License-Identifier: MIT */
/* I2C devices of the developer's machine: i2c-BUS-ADDRESS is a file of up to 256 registers. The
 * first byte written chooses one; what follows is written, and read, from there on. Where the file
 * ends nobody answers: as long as it is empty, no device is on the bus. */
#include "backends/linux/i2c.h"

#include "backends/host/buses.h"
#include "backends/i2c.h"
#include "backends/linux/backend.h"
#include "lib/format.h"

enum { DEVICES = 64, REGISTERS = 256 };

static int fds[DEVICES]; /* 0: not open */
static uint8_t chosen[DEVICES];

struct failures i2c_failures;

long i2c_open(uint32_t handle, uint32_t bus, uint32_t address, struct i2c_trouble *trouble)
{
    char name[32];

    format_buffer(name, sizeof(name), "i2c-%u-%02x", bus, address);
    const long fd = host_buses_open(name);
    if (fd < 0) {
        format_buffer(trouble->text, sizeof(trouble->text), "%s: %s", name, sys_error_text(fd));
        return fd;
    }
    fds[handle] = (int)fd;
    return 0;
}

solo5_result_t backend_i2c_transfer(uint32_t handle, const void *write, uint32_t write_size,
                                    void *read, uint32_t read_size)
{
    const uint8_t *from = write;
    uint8_t *to = read, *at = &chosen[handle], first;

    if (fds[handle] == 0 || sys_pread(fds[handle], &first, 1, 0) != 1)
        return SOLO5_R_AGAIN;
    for (uint32_t i = 0; i < write_size; i++) {
        if (i == 0)
            *at = from[i];
        else if (sys_pwrite(fds[handle], &from[i], 1, (*at)++) != 1)
            return SOLO5_R_EUNSPEC;
    }
    for (uint32_t i = 0; i < read_size; i++) {
        if (sys_pread(fds[handle], &to[i], 1, (*at)++) != 1)
            return SOLO5_R_AGAIN;
    }
    return SOLO5_R_OK;
}
