/* SPDX-License-Identifier: MIT */
/* Writes and reads every block of a device, and asks for what cannot be. */
#include "../expect.h"
#include "lib/string.h"

#define BLOCK_MAX 32768

static uint8_t written[BLOCK_MAX], back[BLOCK_MAX];
static solo5_handle_t storage;
static struct solo5_block_info info;

static void fill(solo5_off_t block)
{
    for (size_t i = 0; i < info.block_size; i++)
        written[i] = (uint8_t)(block * 7 + i);
}

static void acquiring(void)
{
    solo5_handle_t handle = 77;
    struct solo5_block_info other = {.capacity = 5, .block_size = 6};

    EXPECT(solo5_block_acquire("nobody", &handle, &other) == SOLO5_R_EINVAL);
    EXPECT(handle == 77 && other.capacity == 5 && other.block_size == 6);
    EXPECT(solo5_block_acquire("storage", &storage, &info) == SOLO5_R_OK);
    EXPECT(solo5_block_acquire("storage", &handle, &other) == SOLO5_R_EINVAL);
    EXPECT(handle == 77 && other.capacity == 5 && other.block_size == 6);
    EXPECT(storage == 1);
    EXPECT(info.block_size <= BLOCK_MAX && info.capacity % info.block_size == 0);
}

/* Of a device that can only be read, it is somebody else who has written. */
static void every_block(bool is_written)
{
    const solo5_off_t blocks = info.capacity / info.block_size;

    for (solo5_off_t i = 0; i < blocks; i++) {
        fill(i);
        EXPECT(solo5_block_write(storage, i * info.block_size, written, info.block_size) ==
               (is_written ? SOLO5_R_OK : SOLO5_R_EUNSPEC));
    }
    for (solo5_off_t i = 0; i < blocks; i++) {
        fill(i);
        EXPECT(solo5_block_read(storage, i * info.block_size, back, info.block_size) == SOLO5_R_OK);
        EXPECT(memcmp(written, back, info.block_size) == 0);
    }
}

static void refused(solo5_handle_t handle, solo5_off_t offset, size_t size)
{
    back[0] = 99;
    EXPECT(solo5_block_read(handle, offset, back, size) == SOLO5_R_EINVAL);
    EXPECT(back[0] == 99);
    EXPECT(solo5_block_write(handle, offset, back, size) == SOLO5_R_EINVAL);
}

static void what_is_no_block(void)
{
    const size_t size = info.block_size;

    refused(storage, 0, size - 1);
    refused(storage, 0, size + 1);
    refused(storage, 0, 2 * size);
    refused(storage, 0, 0);
    refused(storage, 1, size);
    refused(storage, size / 2, size);
    refused(storage, info.capacity, size);
    refused(storage, info.capacity - size + 1, size);
    refused(storage, UINT64_MAX - size + 1, size);
    refused(storage, UINT64_MAX, size);
    refused(0, 0, size);
    refused(2, 0, size);
    refused(63, 0, size);
    refused(64, 0, size);
    refused(UINT64_MAX, 0, size);
}

int solo5_app_main(const struct solo5_start_info *start)
{
    acquiring();
    say("capacity %lu, blocks of %lu\n", info.capacity, info.block_size);
    every_block(strcmp(start->cmdline, "read-only") != 0);
    what_is_no_block();
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
