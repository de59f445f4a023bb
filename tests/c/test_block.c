/* SPDX-License-Identifier: MIT */
/* Block devices: bounds, hostile calls, and the guest's own rule of one block at a time. */
#include "check.h"
#include "manifest.h"

#include "abi_block.h"
#include "backends/fake/fake.h"
#include "dispatch/host.h"

#define AT    8192  /* guest address of the argument block */
#define DATA  16384 /* guest address of the buffer */
#define BLOCK 512

static uint8_t memory[65536] __attribute__((aligned(4096)));
static uint8_t disk[4 * BLOCK], small[BLOCK];
static struct host host;
static MANIFEST_OF(4) manifest;

static void start(void)
{
    fake_reset();
    memset(memory, 0, sizeof(memory));
    memset(disk, 'd', sizeof(disk));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 4};
    memset(manifest.e, 0, sizeof(manifest.e));
    manifest.e[0].type = MFT_RESERVED_FIRST;
    for (int i = 1; i < 4; i++)
        manifest.e[i] = (struct mft_entry){
            .type = i == 3 ? MFT_NET_BASIC : MFT_BLOCK_BASIC,
            .u.block = {.capacity = i == 1 ? sizeof(disk) : sizeof(small), .block_size = BLOCK},
            .attached = 1,
        };
    fake_disks[1] = (struct fake_disk){.bytes = disk, .size = sizeof(disk)};
    fake_disks[2] = (struct fake_disk){.bytes = small, .size = sizeof(small)};
    host = (struct host){
        .memory = {.base = (uintptr_t)memory, .size = sizeof(memory)},
        .manifest = &manifest.head,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
}

static enum call_outcome call(uint32_t number, struct block_read_args args)
{
    memcpy(memory + AT, &args, sizeof(args));
    return dispatch(&host, number, (struct guest_addr){AT});
}

static int32_t result(void)
{
    return ((const struct block_read_args *)(const void *)(memory + AT))->result;
}

static void blocks_go_through(void)
{
    start();
    memset(memory + DATA, 'w', BLOCK);
    CHECK(call(CALL_BLOCK_WRITE, (struct block_read_args){1, BLOCK, DATA, BLOCK, 9}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK(disk[BLOCK - 1] == 'd' && disk[BLOCK] == 'w' && disk[2 * BLOCK] == 'd');
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){1, 0, DATA, 2 * BLOCK, 9}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
    CHECK(memory[DATA] == 'd' && memory[DATA + BLOCK] == 'w');
    CHECK(memory[DATA + 2 * BLOCK] == 0);
}

static void what_is_not_within_the_device_is_refused(void)
{
    const struct {
        uint64_t handle, offset, len;
    } hostile[] = {
        {0, 0, BLOCK},
        {3, 0, BLOCK}, /* a network */
        {4, 0, BLOCK},
        {64, 0, BLOCK},
        {UINT64_C(1) << 32 | 1, 0, BLOCK},
        {UINT64_MAX, 0, BLOCK},
        {1, sizeof(disk), 0},
        {1, sizeof(disk), BLOCK},
        {1, sizeof(disk) - 1, 2},
        {1, 1, sizeof(disk)},
        {1, UINT64_MAX, 1},
        {1, UINT64_MAX - BLOCK + 1, BLOCK},
        {2, BLOCK, BLOCK},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const struct block_read_args args = {hostile[i].handle, hostile[i].offset, DATA,
                                             hostile[i].len, 99};
        CHECK(call(CALL_BLOCK_READ, args) == CALL_DONE);
        CHECK_EQUAL(result(), SOLO5_R_EINVAL);
        CHECK(call(CALL_BLOCK_WRITE, args) == CALL_DONE);
        CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    }
    CHECK(disk[0] == 'd' && memory[DATA] == 0);
}

static void buffers_that_are_not_the_guests_are_faults(void)
{
    const struct {
        uint64_t data, len;
    } hostile[] = {
        {65536, BLOCK},     {65536 - BLOCK, BLOCK}, {UINT64_MAX, BLOCK},
        {DATA, UINT64_MAX}, {DATA, 65536 - DATA},   {UINT64_MAX - BLOCK + 1, BLOCK},
    };

    start();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const struct block_read_args args = {1, 0, hostile[i].data, hostile[i].len, 0};
        CHECK(call(CALL_BLOCK_READ, args) == CALL_FAULT);
        CHECK(call(CALL_BLOCK_WRITE, args) == CALL_FAULT);
    }
    /* Constants may be written to a disk, and not read over. */
    CHECK(call(CALL_BLOCK_WRITE, (struct block_read_args){1, 0, 16, BLOCK, 0}) == CALL_DONE);
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){1, 0, 16, BLOCK, 0}) == CALL_FAULT);
}

static void storage_that_fails_is_reported_to_the_guest(void)
{
    start();
    fake_disks[1].failing = 2;
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){1, 0, DATA, BLOCK, 0}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EUNSPEC);
    CHECK(call(CALL_BLOCK_WRITE, (struct block_read_args){1, 0, DATA, BLOCK, 0}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EUNSPEC);
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){1, 0, DATA, BLOCK, 0}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_OK);
}

static void without_an_attached_device_every_handle_is_refused(void)
{
    start();
    manifest.e[1].attached = 0;
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){1, 0, DATA, BLOCK, 0}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EINVAL);
    host.manifest = NULL;
    CHECK(call(CALL_BLOCK_READ, (struct block_read_args){2, 0, DATA, BLOCK, 0}) == CALL_DONE);
    CHECK_EQUAL(result(), SOLO5_R_EINVAL);
}

int main(void)
{
    blocks_go_through();
    what_is_not_within_the_device_is_refused();
    buffers_that_are_not_the_guests_are_faults();
    storage_that_fails_is_reported_to_the_guest();
    without_an_attached_device_every_handle_is_refused();
    return 0;
}
