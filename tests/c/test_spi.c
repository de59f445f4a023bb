/* SPDX-License-Identifier: MIT */
/* Devices on SPI buses: bytes both ways, and everything that reaches none. */
#include "check.h"
#include "manifest.h"

#include "abi_spi.h"
#include "backends/fake/buses.h"
#include "backends/spi.h"
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
    manifest.e[1].type = MFT_I2C;
    manifest.e[2].type = manifest.e[3].type = MFT_SPI;
    manifest.e[1].attached = manifest.e[2].attached = 1;
    fake_spis[1].present = fake_spis[2].present = fake_spis[3].present = true;
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
}

static enum call_outcome call(uint64_t handle, uint64_t write, uint64_t read, uint64_t len)
{
    const struct spi_transfer_args args = {handle, write, read, len, 99};

    memcpy(memory + AT, &args, sizeof(args));
    return dispatch(&host, CALL_SPI_TRANSFER, (struct guest_addr){AT});
}

static int32_t result(void)
{
    return ((const struct spi_transfer_args *)(const void *)(memory + AT))->result;
}

static void bytes_go_both_ways(void)
{
    start();
    memcpy(memory + DATA, "duplex", 6);
    CHECK(call(2, DATA, INTO, 6) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK(memcmp(memory + INTO, "duplex", 7) == 0);
    CHECK(call(2, DATA, 0, 3) == CALL_DONE);
    CHECK(result() == SOLO5_R_OK && fake_spis[2].sent_size == 3);
    CHECK(call(2, 0, INTO, 6) == CALL_DONE);
    CHECK(result() == SOLO5_R_OK && memory[INTO] == 0 && memory[INTO + 5] == 0);
    CHECK(call(2, DATA, DATA, 6) == CALL_DONE);
    CHECK(result() == SOLO5_R_OK && memcmp(memory + DATA, "duplex", 6) == 0);
}

static void what_was_not_granted_or_is_not_within_bounds_is_refused(void)
{
    const struct {
        uint64_t handle, write, read, len;
    } hostile[] = {
        {0, DATA, INTO, 1},
        {1, DATA, INTO, 1},
        {3, DATA, INTO, 1},
        {4, DATA, INTO, 1},
        {UINT64_C(1) << 32 | 2, DATA, INTO, 1},
        {UINT64_MAX, DATA, INTO, 1},
        {2, 0, 0, 1},
        {2, DATA, INTO, 0},
        {2, DATA, INTO, SPI_SIZE_MAX + 1},
        {2, 0, INTO, SPI_SIZE_MAX + 1},
        {2, 0, 0, UINT64_MAX},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK(call(hostile[i].handle, hostile[i].write, hostile[i].read, hostile[i].len) ==
              CALL_DONE);
        CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    }
    CHECK(fake_spis[1].sent_size == 0 && fake_spis[2].sent_size == 0 && fake_spis[3].sent_size == 0);
    CHECK(call(2, DATA, INTO, SPI_SIZE_MAX) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
}

static void buffers_that_are_not_the_guests_are_faults(void)
{
    const struct {
        uint64_t write, read, len;
    } hostile[] = {
        {65536, INTO, 1}, {DATA, 65536, 1}, {65536 - 8, INTO, 8},    {DATA, 65536 - 8, 8},
        {DATA, 16, 8},    {UINT64_MAX, 0, 2}, {DATA, INTO, UINT64_MAX},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        CHECK(call(2, hostile[i].write, hostile[i].read, hostile[i].len) == CALL_FAULT);
    CHECK_EQUAL(fake_spis[2].sent_size, 0);
}

static void a_bus_that_fails_is_told(void)
{
    start();
    fake_spis[2].failing = 1;
    CHECK(call(2, DATA, INTO, 4) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EUNSPEC);
    CHECK(call(2, DATA, INTO, 4) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
}

int main(void)
{
    bytes_go_both_ways();
    what_was_not_granted_or_is_not_within_bounds_is_refused();
    buffers_that_are_not_the_guests_are_faults();
    a_bus_that_fails_is_told();
    return 0;
}
