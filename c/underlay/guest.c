/* SPDX-License-Identifier: MIT */
/* How a guest begins. */
#include "underlay/guest.h"

#include "abi/boot_info.h"
#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/gpio.h"
#include "backends/bcm2837/random.h"
#include "backends/bcm2837/registers.h"
#include "lib/boot.h"
#include "lib/manifest.h"
#include "lib/paging.h"
#include "lib/string.h"
#include "underlay/core.h"
#include "underlay/grant.h"
#include "underlay/layout.h"
#include "underlay/memory.h"
#include "underlay/pins.h"
#include "underlay/window.h"

#define DIRECTIONS (MFT_LINE_IN | MFT_LINE_OUT)
#define DRIVES     (MFT_LINE_OPEN_DRAIN | MFT_LINE_OPEN_SOURCE)
#define MS         UINT64_C(1000000) /* ns */
#define PIECE      0x8000            /* bytes of a file that are copied at a time */
#define PAUSE_MAX  (60000 * MS)
#define OWN_LINES  (UINT64_C(3) << 14) /* the console's */

static struct stage2 tables[GUESTS_MAX] __attribute__((section(".own")));
static uint64_t given; /* lines that somebody has; guests begin one after the other */

uint64_t guest_lines_given(void)
{
    return given | OWN_LINES;
}

bool guest_lines_keep(uint64_t some)
{
    if (guest_lines_given() & some)
        return false;
    given |= some;
    return true;
}

static const char *grant_line(struct guest *guest, const struct payload_grant *one)
{
    struct mft *const manifest = &guest->notes.u.manifest;
    const uint32_t index = manifest_find(manifest, one->name, MFT_LINE);
    struct mft_entry *const entry = &manifest->e[index];

    if (index == 0)
        return "a line is granted that its manifest does not have";
    if (entry->attached)
        return "a line of its manifest is granted twice";
    if (one->flags & DIRECTIONS & ~entry->u.line.flags)
        return "a line is granted in a direction that its manifest does not have";
    if (one->flags & DRIVES)
        return "a line is granted with a drive that the chip does not have";
    if (one->line >= PINS || (guest_lines_given() >> one->line & 1))
        return "a line is granted that is not there, or somebody else's";
    gpio_grant(&guest->gpio, one->line, one->flags);
    given |= UINT64_C(1) << one->line;
    entry->u.line = (struct mft_line){.line = one->line, .flags = one->flags};
    entry->attached = 1;
    gpio_pin_pull(one->line, one->flags & MFT_LINE_PULL_UP     ? PULL_UP
                             : one->flags & MFT_LINE_PULL_DOWN ? PULL_DOWN
                                                               : PULL_NONE);
    return NULL;
}

static const struct grant_kind lines = {.number = PAYLOAD_LINE, .take = grant_line};
UNDERLAY_GRANT(lines);

static const char *grant(struct guest *guest, const struct payload_grant *one)
{
    for (const struct grant_kind *const *kind = grant_kinds; kind < grant_kinds_end; kind++) {
        if ((*kind)->number == one->kind)
            return (*kind)->take(guest, one);
    }
    return "something is granted that this underlay does not have";
}

static const char *attach(struct guest *guest, const struct payload *payload,
                          struct payload_part grants)
{
    const struct payload_grant *const all = payload_at(payload, grants);
    const struct mft *const manifest = &guest->notes.u.manifest;
    const char *wrong = NULL;

    guest->gpio.backend = &gpio_pins;
    guest->gpio.edges = GPIO_EDGES_SAMPLED;
    if (pins_are_reported()) {
        gpio_edges_report(&guest->pins);
        guest->gpio.backend = &guest->pins.backend;
        guest->gpio.edges = GPIO_EDGES_UNPROVEN;
    }
    gpio_attach(&guest->gpio, &guest->host);
    for (uint64_t i = 0; !wrong && i < grants.size / sizeof(*all); i++)
        wrong = grant(guest, &all[i]);
    for (uint32_t i = 0; !wrong && i < manifest->entries; i++) {
        if (manifest->e[i].type < MFT_RESERVED_FIRST && !manifest->e[i].attached)
            wrong = "a device of its manifest is not attached";
    }
    guest->host.manifest = manifest;
    return wrong;
}

static const char *protect(struct guest *guest)
{
    struct guest_memory *const memory = &guest->host.memory;
    uint64_t start, end;
    uint32_t at = 0;

    if (!guest_protect(memory, 0, HVT_BOOT_INFO_AT))
        return "too many read-only segments";
    while (elf_readonly(&guest->plan, &at, &start, &end)) {
        if (!guest_protect(memory, start, end))
            return "too many read-only segments";
    }
    return NULL;
}

/* In a guest's turn, between two pieces of work for one: the others have theirs. */
static void breathe(void)
{
    if (core_guest())
        core_wait(0);
}

/* Has (work) go over its memory. */
static void for_memory(const struct guest *guest, void (*work)(void *at, uint64_t size))
{
    const struct guest_memory *const memory = &guest->host.memory;

    for (uint64_t at = 0; at < memory->size; at += LAYOUT_BLOCK) {
        work((uint8_t *)memory->base + at, LAYOUT_BLOCK);
        breathe();
    }
}

static void copy(uint8_t *to, const uint8_t *from, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += PIECE) {
        memcpy(to + at, from + at, size - at < PIECE ? size - at : PIECE);
        breathe();
    }
}

static bool holds_lines(const struct guest *guest)
{
    for (uint32_t line = 0; line < GPIO_LINES; line++) {
        if (guest->gpio.lines[line].state != GPIO_DENIED)
            return true;
    }
    return false;
}

static const char *fill(struct guest *guest)
{
    const struct guest_memory *const memory = &guest->host.memory;
    void *const base = (void *)memory->base;
    const struct boot boot = {
        .memory_size = memory->size,
        .kernel_end = guest->plan.kernel_end,
        .counter_frequency = clock_frequency(),
        .manifest = &guest->notes.u.manifest,
        .words = &guest->words,
        .word_count = 1,
    };

    for_memory(guest, memory_clear);
    for (uint32_t i = 0; i < guest->plan.segments; i++) {
        const struct elf_segment *segment = &guest->plan.segment[i];
        copy((uint8_t *)base + segment->at, guest->file + segment->file.offset, segment->file.size);
    }
    if (!paging_write(base, memory->size, &guest->plan) ||
        !stage2_write(guest->tables, memory->base, memory->size, &guest->plan))
        return "its text is in too many places";
    if (!boot_write(base, &boot))
        return "the guest's command line is longer than 8191 characters";
    if (holds_lines(guest))
        window_open(guest);
    for_memory(guest, memory_publish);
    return NULL;
}

/* Its registers, in its own turn or before the first. */
static void begin(struct guest *guest)
{
    memset(&guest->frame, 0, sizeof(guest->frame));
    guest->frame.x[0] = HVT_BOOT_INFO_AT;
    guest->frame.x[1] = random_number();
    context_begin(&guest->context, guest->plan.entry, BOOT_STACK(guest->host.memory.size),
                  clock_ticks());
}

static void allow(struct guest *guest, const struct payload_guest *entry)
{
    guest->turn.weight = entry->weight;
    guest->life = (struct life){
        .patience = clock_ticks_of(entry->patience_ms * MS),
        .pause = clock_ticks_of(entry->pause_ms * MS),
        .pause_max = clock_ticks_of(PAUSE_MAX),
        .restarts_max = entry->restarts,
        .restart = (enum payload_restart)entry->restart,
    };
}

const char *guest_load(struct guest *guest, const struct payload *payload, uint32_t number)
{
    const struct payload_guest *const entry = &payload->guests[number];

    memset(guest, 0, sizeof(*guest));
    guest->name = entry->name;
    guest->number = number;
    guest->core = entry->core;
    guest->file = payload_at(payload, entry->elf);
    guest->words = payload_at(payload, entry->words);
    guest->tables = &tables[number];
    guest->host.memory.base = (uintptr_t)entry->memory_at;
    guest->host.memory.size = entry->memory_size;
    allow(guest, entry);

    const char *wrong =
        elf_read(&guest->plan, &guest->notes, guest->file, entry->elf.size, entry->memory_size);
    if (!wrong)
        wrong = attach(guest, payload, entry->grants);
    if (!wrong)
        wrong = protect(guest);
    if (!wrong)
        wrong = fill(guest);
    begin(guest);
    return wrong;
}

void guest_restart(struct guest *guest)
{
    guest->host.halted = false;
    guest->host.status = 0;
    guest->gpio.refused = 0;
    guest->failures = 0;
    memset(guest->gpio.acquired, 0, sizeof(guest->gpio.acquired));
    fill(guest); /* as it could be the first time */
    begin(guest);
    guest_use(guest);
    __asm__ volatile("dsb ishst\n\ttlbi vmalls12e1is\n\tdsb ish\n\tisb" ::: "memory");
}

void guest_use(const struct guest *guest)
{
    const uint64_t name = guest->number + 1; /* in the TLB */

    context_load(&guest->context);
    WRITE_REGISTER(vttbr_el2, (uintptr_t)guest->tables | name << 48);
    __asm__ volatile("isb" ::: "memory");
}
