/* SPDX-License-Identifier: MIT */
/* Makes each of Solo5's own calls many times and prints what one took. */
#include "../measure.h"

#define BLOCK_SIZE 512

static solo5_handle_t disk;
static uint8_t block[BLOCK_SIZE];

static void monotonic(void)
{
    solo5_clock_monotonic();
}

static void wall(void)
{
    solo5_clock_wall();
}

static void console(void)
{
    solo5_console_write("", 0);
}

static void yield(void)
{
    solo5_yield(0, NULL);
}

static void read(void)
{
    solo5_block_read(disk, 0, block, sizeof(block));
}

static void write(void)
{
    solo5_block_write(disk, 0, block, sizeof(block));
}

int solo5_app_main(const struct solo5_start_info *info)
{
    struct solo5_block_info storage;

    (void)info;
    if (solo5_block_acquire("disk", &disk, &storage) != SOLO5_R_OK ||
        storage.block_size != BLOCK_SIZE ||
        solo5_block_write(disk, 0, block, sizeof(block)) != SOLO5_R_OK ||
        solo5_block_read(disk, 0, block, sizeof(block)) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    measure("clock_monotonic", monotonic, MEASURE_MANY);
    measure("clock_wall", wall, MEASURE_COUNT);
    measure("console_write_empty", console, MEASURE_COUNT);
    measure("yield_past", yield, MEASURE_COUNT);
    measure("block_read", read, MEASURE_COUNT);
    measure("block_write", write, MEASURE_COUNT);
    return SOLO5_EXIT_SUCCESS;
}
