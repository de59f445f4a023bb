/* SPDX-License-Identifier: MIT */
/* Block devices of guests: sectors of the SD card. */
#include "backends/block.h"

#include "backends/bcm2837/sd.h"
#include "lib/manifest.h"
#include "lib/string.h"
#include "underlay/core.h"
#include "underlay/grant.h"

#define READ_ONLY (UINT64_C(1) << 63) /* in an entry's own word, beside its first sector */

_Static_assert(PAYLOAD_SECTOR == SD_SECTOR, "sectors are the card's");

/* The table of partitions of a PC: four entries, each with its kind, first sector and sectors. */
#define PARTITIONS    4
#define PARTITIONS_AT 446
#define PARTITION     16
#define FAT           "\x01\x04\x06\x0b\x0c\x0e" /* kinds: FAT12, FAT16 and FAT32 */

static uint8_t table[SD_SECTOR];

/* The card is prepared for the first guest that has some of it. */
static const char *prepare(void)
{
    static bool is_prepared;
    static const char *wrong;

    if (is_prepared)
        return wrong;
    is_prepared = true;
    if (!guest_lines_keep(SD_LINES))
        wrong = "the SD card's lines are a guest's";
    else
        wrong = sd_prepare();
    if (!wrong && !sd_read(0, table, 1))
        wrong = "the SD card cannot be read";
    return wrong;
}

/* Whether a partition that the firmware can boot from has some of [first, first + count). */
static bool is_firmwares(uint64_t first, uint64_t count)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const uint8_t *const entry = &table[PARTITIONS_AT + i * PARTITION];
        uint32_t start, size;
        memcpy(&start, entry + 8, sizeof(start));
        memcpy(&size, entry + 12, sizeof(size));
        for (const char *kind = FAT; *kind != '\0'; kind++) {
            if (entry[4] == (uint8_t)*kind && first < (uint64_t)start + size &&
                start < first + count)
                return true;
        }
    }
    return false;
}

static const char *grant_block(struct guest *guest, const struct payload_grant *one)
{
    struct mft *const manifest = &guest->notes.u.manifest;
    const uint32_t index = manifest_find(manifest, one->name, MFT_BLOCK_BASIC);
    struct mft_entry *const entry = &manifest->e[index];

    if (index == 0)
        return "a block device is granted that its manifest does not have";
    if (entry->attached)
        return "a block device of its manifest is granted twice";
    const char *const wrong = prepare();
    if (wrong)
        return wrong;
    if (one->first > sd_sectors() || one->sectors > sd_sectors() - one->first)
        return "sectors are granted that the SD card does not have";
    if (!(one->flags & PAYLOAD_READ_ONLY) && is_firmwares(one->first, one->sectors))
        return "sectors of a partition that the board boots from are granted to be written";
    entry->u.block.capacity = one->sectors * SD_SECTOR;
    entry->u.block.block_size = (uint16_t)one->block_size;
    entry->host = one->first | (one->flags & PAYLOAD_READ_ONLY ? READ_ONLY : 0);
    entry->attached = 1;
    return NULL;
}

static const struct grant_kind blocks = {.number = PAYLOAD_BLOCK, .take = grant_block};
UNDERLAY_GRANT(blocks);

/* What a guest cannot be given is refused as a call that fails, and counted. */
static bool counted(bool is_done)
{
    core_guest()->failures += !is_done;
    return is_done;
}

static uint64_t own_word(uint32_t handle)
{
    return core_guest()->notes.u.manifest.e[handle].host;
}

/* A card moves whole sectors; who asks for less is no guest of Solo5's. */
static bool is_whole(uint64_t size, uint64_t offset)
{
    return (size | offset) % SD_SECTOR == 0;
}

bool backend_block_read(uint32_t handle, void *to, uint64_t size, uint64_t offset)
{
    const uint64_t first = own_word(handle) & ~READ_ONLY;

    return counted(is_whole(size, offset) &&
                   sd_read(first + offset / SD_SECTOR, to, size / SD_SECTOR));
}

bool backend_block_write(uint32_t handle, const void *from, uint64_t size, uint64_t offset)
{
    const uint64_t word = own_word(handle);

    return counted(!(word & READ_ONLY) && is_whole(size, offset) &&
                   sd_write(word + offset / SD_SECTOR, from, size / SD_SECTOR));
}
