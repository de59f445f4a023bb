/* SPDX-License-Identifier: MIT */
/* Devices on I2C buses: what reaches one, and everything that does not. */
#include "check.h"
#include "manifest.h"

#include "abi_i2c.h"
#include "backends/fake/buses.h"
#include "backends/i2c.h"
#include "dispatch/host.h"

#define AT   8192  /* guest address of the argument block */
#define DATA 16384 /* guest address of what is written */
#define INTO 24576 /* guest address of what is read */

static uint8_t memory[65536] __attribute__((aligned(4096)));
static struct host host;
static MANIFEST_OF(4) manifest;

static void start(void)
{
    fake_buses_reset();
    memset(memory, 0, sizeof(memory));
    memset(&manifest, 0, sizeof(manifest));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 4};
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1].type = MFT_LINE;
    manifest.e[2].type = manifest.e[3].type = MFT_I2C;
    manifest.e[1].attached = manifest.e[2].attached = 1;
    fake_i2cs[1].present = fake_i2cs[2].present = fake_i2cs[3].present = true;
    for (int i = 0; i < FAKE_REGISTERS; i++)
        fake_i2cs[2].registers[i] = (uint8_t)(i + 100);
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
}

static enum call_outcome call(uint64_t handle, uint64_t write, uint64_t write_size, uint64_t read,
                              uint64_t read_size)
{
    const struct i2c_transfer_args args = {handle, write, write_size, read, read_size, 99};

    memcpy(memory + AT, &args, sizeof(args));
    return dispatch(&host, CALL_I2C_TRANSFER, (struct guest_addr){AT});
}

static int32_t result(void)
{
    return ((const struct i2c_transfer_args *)(const void *)(memory + AT))->result;
}

static void registers_are_written_and_read(void)
{
    start();
    memcpy(memory + DATA, "\x10\x41\x42", 3);
    CHECK(call(2, DATA, 3, 0, 0) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK(call(2, DATA, 1, INTO, 3) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK(memcmp(memory + INTO, "\x41\x42\x76", 3) == 0 && memory[INTO + 3] == 0);
    CHECK(call(2, 0, 0, INTO, 1) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK_EQUAL(memory[INTO], 0x13 + 100);
}

static void devices_that_were_not_granted_are_not_reached(void)
{
    const uint64_t hostile[] = {0, 1, 3, 4, 64, UINT64_C(1) << 32 | 2, UINT64_MAX};

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK(call(hostile[i], DATA, 1, INTO, 1) == CALL_DONE);
        CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    }
    host.manifest = NULL;
    CHECK(call(2, DATA, 1, INTO, 1) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    CHECK(fake_i2cs[1].transfers == 0 && fake_i2cs[3].transfers == 0 && fake_i2cs[2].transfers == 0);
}

static void lengths_are_bounded(void)
{
    const struct {
        uint64_t write, write_size, read, read_size;
    } hostile[] = {
        {DATA, 0, INTO, 0},
        {0, 0, 0, 0},
        {0, 1, INTO, 1},
        {DATA, 1, 0, 1},
        {0, UINT64_MAX, INTO, 1},
        {DATA, I2C_SIZE_MAX + 1, INTO, 1},
        {DATA, 1, INTO, I2C_SIZE_MAX + 1},
        {0, UINT64_C(1) << 32 | 1, INTO, 1},
        {DATA, 1, 0, UINT64_C(1) << 32},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK(call(2, hostile[i].write, hostile[i].write_size, hostile[i].read,
                   hostile[i].read_size) == CALL_DONE);
        CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    }
    CHECK_EQUAL(fake_i2cs[2].transfers, 0);
    CHECK(call(2, DATA, I2C_SIZE_MAX, INTO, I2C_SIZE_MAX) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
}

static void buffers_that_are_not_the_guests_are_faults(void)
{
    const struct {
        uint64_t write, write_size, read, read_size;
    } hostile[] = {
        {65536, 1, INTO, 1},      {DATA, 1, 65536, 1},      {65536 - 8, 8, INTO, 1},
        {DATA, 1, 65536 - 8, 8},  {UINT64_MAX, 2, INTO, 1}, {DATA, 1, UINT64_MAX, 2},
        {DATA, 1, 16, 8}, /* read-only */
        {DATA, UINT64_MAX, 0, 0},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        CHECK(call(2, hostile[i].write, hostile[i].write_size, hostile[i].read,
                   hostile[i].read_size) == CALL_FAULT);
    CHECK_EQUAL(fake_i2cs[2].transfers, 0);
}

static void a_device_that_is_busy_and_a_bus_that_fails_are_told_apart(void)
{
    start();
    fake_i2cs[2].busy = 1;
    CHECK(call(2, DATA, 1, INTO, 1) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_AGAIN);
    fake_i2cs[2].failing = 1;
    CHECK(call(2, DATA, 1, INTO, 1) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EUNSPEC);
    CHECK(call(2, DATA, 1, INTO, 1) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
}

int main(void)
{
    registers_are_written_and_read();
    devices_that_were_not_granted_are_not_reached();
    lengths_are_bounded();
    buffers_that_are_not_the_guests_are_faults();
    a_device_that_is_busy_and_a_bus_that_fails_are_told_apart();
    return 0;
}
