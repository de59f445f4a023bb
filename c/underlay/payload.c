/* SPDX-License-Identifier: MIT */
/* Checks what the build put behind the image, as if somebody else had. */
#include "underlay/payload.h"

#include <stdbool.h>

#include "abi/boot_info.h"
#include "backends/bcm2837/watchdog.h"
#include "underlay/cores.h"
#include "underlay/schedule.h"

static bool is_inside(struct payload_part part, uint64_t first, uint64_t size)
{
    return part.offset >= first && part.offset <= size && part.size <= size - part.offset;
}

static bool ends(const char *text, uint64_t size)
{
    return size > 0 && text[size - 1] == '\0';
}

static bool is_memory(const struct payload_guest *guest, uint64_t low, uint64_t high)
{
    return guest->memory_at % HVT_MEMORY_STEP == 0 && guest->memory_size % HVT_MEMORY_STEP == 0 &&
           guest->memory_size > 0 && guest->memory_at >= low && guest->memory_at <= high &&
           guest->memory_size <= high - guest->memory_at;
}

static bool overlap(const struct payload_guest *one, const struct payload_guest *other)
{
    return one->memory_at < other->memory_at + other->memory_size &&
           other->memory_at < one->memory_at + one->memory_size;
}

static const char *check_grants(const struct payload *payload, struct payload_part part)
{
    const struct payload_grant *const grants = payload_at(payload, part);

    for (uint64_t i = 0; i < part.size / sizeof(*grants); i++) {
        if (!ends(grants[i].name, sizeof(grants[i].name)))
            return "a grant's name does not end";
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
    if (!is_memory(guest, low, high))
        return "a guest's memory is not where guests are";
    for (uint32_t i = 0; i < number; i++) {
        if (overlap(guest, &payload->guests[i]))
            return "two guests have the same memory";
    }
    return check_grants(payload, guest->grants);
}

const char *payload_check(const struct payload *payload, uint64_t room, uint64_t low, uint64_t high)
{
    if (room < sizeof(*payload) || payload->magic != PAYLOAD_MAGIC)
        return "there is none";
    if (payload->version != PAYLOAD_VERSION)
        return "it is of another version than 2";
    if (payload->size > room)
        return "it is larger than there is room";
    if (payload->count == 0 || payload->count > GUESTS_MAX)
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
    return NULL;
}
