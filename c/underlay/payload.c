/* SPDX-License-Identifier: MIT */
/* Checks what the build put behind the image, as if somebody else had. */
#include "underlay/payload.h"

#include <stdbool.h>

#include "abi/boot_info.h"
#include "abi/manifest.h"
#include "backends/bcm2837/watchdog.h"
#include "underlay/cores.h"
#include "underlay/schedule.h"

#define FILE_STEP 8     /* bytes: files lie as words do */
#define BLOCK_MAX 32768 /* bytes: the manifest has 16 bits for it */

static bool is_inside(struct payload_part part, uint64_t first, uint64_t size)
{
    return part.offset >= first && part.offset <= size && part.size <= size - part.offset;
}

static bool ends(const char *text, uint64_t size)
{
    return size > 0 && text[size - 1] == '\0';
}

static bool is_within(uint64_t at, uint64_t size, uint64_t low, uint64_t high)
{
    return at >= low && at <= high && size <= high - at;
}

static bool is_memory(uint64_t at, uint64_t size, uint64_t low, uint64_t high)
{
    return at % HVT_MEMORY_STEP == 0 && size % HVT_MEMORY_STEP == 0 && size > 0 &&
           is_within(at, size, low, high);
}

/* Of two pieces of memory that were checked. */
static bool overlap(uint64_t one, uint64_t size, uint64_t other, uint64_t other_size)
{
    return one < other + other_size && other < one + size;
}

/* Whether [at, at + size) is in the memory of one of the first (count) guests. */
static bool is_given(const struct payload *payload, uint32_t count, uint64_t at, uint64_t size)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct payload_guest *const guest = &payload->guests[i];
        if (overlap(at, size, guest->memory_at, guest->memory_size))
            return true;
    }
    return false;
}

static bool is_block_size(uint32_t size)
{
    return size >= PAYLOAD_SECTOR && size <= BLOCK_MAX && (size & (size - 1)) == 0;
}

/* A block device has whole blocks, on what 32 bits count, without the table of partitions. */
static bool is_extent(const struct payload_grant *one)
{
    return one->first > 0 && one->first <= UINT32_MAX && one->sectors > 0 &&
           one->sectors <= UINT32_MAX && is_block_size(one->block_size) &&
           one->sectors * PAYLOAD_SECTOR % one->block_size == 0;
}

static bool clash(const struct payload_grant *one, const struct payload_grant *other)
{
    return other->kind == PAYLOAD_BLOCK && !(one->flags & other->flags & PAYLOAD_READ_ONLY) &&
           overlap(one->first, one->sectors, other->first, other->sectors);
}

/* Whether some earlier grant than (one), which is the (index)th of guest (number), has the same
 * sectors, and one of both may write there. */
static bool is_shared(const struct payload *payload, uint32_t number, uint64_t index,
                      const struct payload_grant *one)
{
    for (uint32_t i = 0; i <= number; i++) {
        const struct payload_part part = payload->guests[i].grants;
        const struct payload_grant *const grants = payload_at(payload, part);
        const uint64_t count = i < number ? part.size / sizeof(*grants) : index;
        for (uint64_t k = 0; k < count; k++) {
            if (clash(one, &grants[k]))
                return true;
        }
    }
    return false;
}

static const char *check_grants(const struct payload *payload, uint32_t number)
{
    const struct payload_part part = payload->guests[number].grants;
    const struct payload_grant *const grants = payload_at(payload, part);

    if (part.size / sizeof(*grants) >= MFT_MAX_ENTRIES)
        return "a guest has more grants than a manifest has entries";
    for (uint64_t i = 0; i < part.size / sizeof(*grants); i++) {
        if (!ends(grants[i].name, sizeof(grants[i].name)))
            return "a grant's name does not end";
        if (grants[i].kind != PAYLOAD_BLOCK)
            continue;
        if (!is_extent(&grants[i]))
            return "a block device's sectors are none of a card's, or no whole blocks";
        if (is_shared(payload, number, i, &grants[i]))
            return "two block devices have the same sectors, and one may be written";
    }
    return NULL;
}

static const char *check_guest(const struct payload *payload, uint32_t number, uint64_t first,
                               uint64_t low, uint64_t high)
{
    const struct payload_guest *const guest = &payload->guests[number];

    if (!ends(guest->name, sizeof(guest->name)))
        return "a guest's name does not end";
    if (!is_inside(guest->elf, first, payload->size) ||
        !is_inside(guest->words, first, payload->size) ||
        !is_inside(guest->grants, first, payload->size))
        return "a part lies outside";
    if (!ends(payload_at(payload, guest->words), guest->words.size))
        return "a command line does not end";
    if (guest->grants.offset % _Alignof(struct payload_grant) != 0 ||
        guest->grants.size % sizeof(struct payload_grant) != 0)
        return "grants are no whole grants";
    if (guest->core >= CORES)
        return "there is no such core";
    if (guest->weight == 0 || guest->weight > SCHEDULE_WEIGHT_MAX)
        return "a guest's weight is not 1 to 100";
    if (guest->restart > RESTART_ALWAYS)
        return "there is no such way to restart a guest";
    if (!is_memory(guest->memory_at, guest->memory_size, low, high))
        return "a guest's memory is not where guests are";
    if (is_given(payload, number, guest->memory_at, guest->memory_size))
        return "two guests have the same memory";
    return check_grants(payload, number);
}

static bool is_file(const struct payload *payload, const struct payload_file *file, uint64_t low,
                    uint64_t high)
{
    const struct payload_linux *const beside = payload_beside(payload);

    return file->at % FILE_STEP == 0 && file->to % FILE_STEP == 0 &&
           is_within(file->at, file->size, low, high) &&
           !overlap(file->at, file->size, beside->memory_at, beside->memory_size) &&
           !is_given(payload, payload->count, file->at, file->size) &&
           is_within(file->to, file->size, beside->memory_at,
                     beside->memory_at + beside->memory_size);
}

static const char *check_beside(const struct payload *payload, uint64_t low, uint64_t high)
{
    const struct payload_linux *const beside = payload_beside(payload);

    if (!is_memory(beside->memory_at, beside->memory_size, low, high) ||
        is_given(payload, payload->count, beside->memory_at, beside->memory_size))
        return "Linux's memory is not where guests are, or somebody else's";
    if (!is_file(payload, &beside->kernel, low, high) ||
        !is_file(payload, &beside->device_tree, low, high) ||
        !is_file(payload, &beside->initramfs, low, high))
        return "a file of Linux's is where it cannot be";
    if (beside->cores == 0 || beside->cores >= CORES)
        return "Linux has none of the cores, or all";
    for (uint32_t i = 0; i < payload->count; i++) {
        if (payload->guests[i].core < beside->cores)
            return "a guest's core is Linux's";
    }
    return NULL;
}

static bool is_beside(const struct payload *payload, uint64_t first)
{
    const struct payload_part part = payload->beside;

    return part.size == 0 || (part.size == sizeof(struct payload_linux) &&
                              part.offset % _Alignof(struct payload_linux) == 0 &&
                              is_inside(part, first, payload->size));
}

const char *payload_check(const struct payload *payload, uint64_t room, uint64_t low, uint64_t high)
{
    if (room < sizeof(*payload) || payload->magic != PAYLOAD_MAGIC)
        return "there is none";
    if (payload->version != PAYLOAD_VERSION)
        return "it is of another version than 3";
    if (payload->size > room)
        return "it is larger than there is room";
    if ((payload->count == 0 && payload->beside.size == 0) || payload->count > GUESTS_MAX)
        return "it has less than 1 or more than 16 guests";
    if (payload->watchdog_s > WATCHDOG_SECONDS_MAX)
        return "the watchdog waits for more than 15 seconds";
    const uint64_t first = sizeof(*payload) + payload->count * sizeof(payload->guests[0]);
    if (first > payload->size)
        return "its table is larger than it is";
    for (uint32_t i = 0; i < payload->count; i++) {
        const char *wrong = check_guest(payload, i, first, low, high);
        if (wrong)
            return wrong;
    }
    if (!is_beside(payload, first))
        return "what it says of Linux lies outside";
    return payload->beside.size > 0 ? check_beside(payload, low, high) : NULL;
}
