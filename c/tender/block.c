/* SPDX-License-Identifier: MIT */
/* Attaches storage: --block:NAME=PATH. */
#include "backends/linux/block.h"
#include "backends/linux/sys.h"
#include "tender/devices.h"
#include "tender/options.h"
#include "tender/report.h"

#define SECTOR_MIN     512   /* bytes; also the default */
#define SECTOR_MAX     32768 /* the manifest has 16 bits for it */
#define OPTIONS_MAX    (MFT_MAX_ENTRIES - 1)
#define OPTION         "--block:"
#define OPTION_SECTORS "--block-sector-size:"

static const char *paths[OPTIONS_MAX], *sectors[OPTIONS_MAX]; /* NAME=... of each option */
static uint32_t path_count, sector_count;

static bool option(const char *word)
{
    return devices_take(word, OPTION, paths, &path_count, OPTIONS_MAX) ||
           devices_take(word, OPTION_SECTORS, sectors, &sector_count, OPTIONS_MAX);
}

static void set_sector(struct mft *manifest, const char *text)
{
    const char *value = text;
    struct mft_entry *entry = devices_named(manifest, MFT_BLOCK_BASIC, &value);
    uint32_t size;

    if (!entry)
        fail(OPTION_SECTORS "%s: the manifest declares no block device of that name", text);
    if (!options_number(&value, '\0', &size) || size < SECTOR_MIN || size > SECTOR_MAX ||
        (size & (size - 1)) != 0)
        fail(OPTION_SECTORS "%s: Block size must be a multiple of 2 greater than or equal %d, "
                            "that is a power of 2, and at most %d",
             text, SECTOR_MIN, SECTOR_MAX);
    entry->u.block.block_size = (uint16_t)size;
}

static void open(struct mft *manifest, const char *text)
{
    const char *path = text;
    struct mft_entry *entry =
        devices_granted(manifest, MFT_BLOCK_BASIC, "block device", OPTION, &path);
    uint64_t size;

    const uint32_t handle = (uint32_t)(entry - manifest->e);
    const long result = block_open(handle, path, &size);
    if (result < 0)
        fail("Could not open block device: %s: %s", path, sys_error_text(result));
    if (size == 0 || size % entry->u.block.block_size != 0)
        fail(OPTION "%s: Backing storage size must be block aligned: it has %llu bytes, which are "
                    "no blocks of %u",
             text, (unsigned long long)size, entry->u.block.block_size);
    entry->u.block.capacity = size;
    entry->host = (uint32_t)block_fd(handle);
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)host;
    for (uint32_t i = 1; i < manifest->entries; i++) {
        if (manifest->e[i].type == MFT_BLOCK_BASIC)
            manifest->e[i].u.block.block_size = SECTOR_MIN;
    }
    for (uint32_t i = 0; i < sector_count; i++)
        set_sector(manifest, sectors[i]);
    for (uint32_t i = 0; i < path_count; i++)
        open(manifest, paths[i]);
}

static const struct device block = {
    .usage = "  --block:NAME=PATH\n"
             "                 attaches a file or block device as block device NAME\n"
             "  --block-sector-size:NAME=BYTES\n"
             "                 its block size, a power of 2 from 512 to 32768 (512)\n",
    .option = option,
    .attach = attach,
    .failures = &block_failures,
    .failed = "transfers failed, the last one of block device",
};
TENDER_DEVICE(block);
