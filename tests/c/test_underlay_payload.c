/* SPDX-License-Identifier: MIT */
/* What the build put behind the image is checked as if somebody else had. */
#include "underlay/payload.h"

#include <stdbool.h>

#include "check.h"

#define LOW  UINT64_C(0x2000000)
#define HIGH UINT64_C(0x3b000000)
#define STEP UINT64_C(0x200000)

static struct {
    uint8_t head[sizeof(struct payload)]; /* in front of its table */
    struct payload_guest guests[2];
    struct payload_grant grants[2];
    char words[16];
    struct payload_linux beside;
} bytes __attribute__((aligned(8)));

static struct payload *const payload = (struct payload *)(void *)&bytes;

static struct payload_part part(const void *at, uint64_t size)
{
    return (struct payload_part){(uint64_t)((const char *)at - (const char *)&bytes), size};
}

static void make(void)
{
    memset(&bytes, 0, sizeof(bytes));
    payload->magic = PAYLOAD_MAGIC;
    payload->version = PAYLOAD_VERSION;
    payload->size = sizeof(bytes);
    payload->count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct payload_guest *guest = &bytes.guests[i];
        strcpy(guest->name, "guest");
        guest->core = i;
        guest->elf = part(bytes.words, 4);
        guest->words = part(bytes.words, sizeof(bytes.words));
        guest->grants = part(&bytes.grants[i], sizeof(bytes.grants[i]));
        guest->memory_at = LOW + i * STEP;
        guest->memory_size = STEP;
        guest->weight = 1;
    }
}

static const char *check(void)
{
    return payload_check(payload, sizeof(bytes), LOW, HIGH);
}

static void a_good_one_is_taken(void)
{
    make();
    CHECK(check() == NULL);
    CHECK(payload_at(payload, bytes.guests[1].words) == bytes.words);
    bytes.guests[1].grants.size = 0;
    bytes.guests[1].memory_at = HIGH - STEP;
    CHECK(check() == NULL);
}

static void refused(const char *why)
{
    const char *wrong = check();

    CHECK(wrong != NULL);
    CHECK_TEXT(wrong, why);
    make();
}

static void its_head_has_to_fit(void)
{
    make();
    CHECK_TEXT(payload_check(payload, sizeof(struct payload) - 1, LOW, HIGH), "there is none");
    CHECK_TEXT(payload_check(payload, sizeof(bytes) - 1, LOW, HIGH),
               "it is larger than there is room");
    payload->magic++;
    refused("there is none");
    payload->version++;
    refused("it is of another version than 3");
    payload->count = 0;
    refused("it has less than 1 or more than 16 guests");
    payload->count = GUESTS_MAX + 1;
    refused("it has less than 1 or more than 16 guests");
    payload->size = sizeof(struct payload) + 2 * sizeof(struct payload_guest) - 1;
    refused("its table is larger than it is");
}

static void every_part_lies_within_and_behind_the_table(void)
{
    struct payload_part *const parts[] = {&bytes.guests[1].elf, &bytes.guests[1].words,
                                          &bytes.guests[1].grants};

    make();
    for (uint32_t i = 0; i < 3; i++) {
        *parts[i] = (struct payload_part){0, 8};
        refused("a part lies outside");
        parts[i]->size = sizeof(bytes);
        refused("a part lies outside");
        parts[i]->size = UINT64_MAX;
        refused("a part lies outside");
        *parts[i] = (struct payload_part){UINT64_MAX - 3, 8};
        refused("a part lies outside");
    }
}

static void texts_end(void)
{
    make();
    memset(bytes.guests[0].name, 'x', PAYLOAD_NAME);
    refused("a guest's name does not end");
    memset(bytes.words, 'x', sizeof(bytes.words));
    refused("a command line does not end");
    bytes.guests[0].words.size = 0;
    refused("a command line does not end");
    memset(bytes.grants[1].name, 'x', PAYLOAD_NAME);
    refused("a grant's name does not end");
    bytes.guests[0].grants.size--;
    refused("grants are no whole grants");
    bytes.guests[0].grants.offset++;
    refused("grants are no whole grants");
}

static void a_manifest_holds_the_grants(void)
{
    static struct {
        uint8_t head[sizeof(struct payload)];
        struct payload_guest guest;
        struct payload_grant grants[64];
    } more __attribute__((aligned(8)));
    struct payload *const large = (struct payload *)(void *)&more;

    make();
    memcpy(&more, &bytes, sizeof(more.head) + sizeof(more.guest));
    large->count = 1;
    large->size = sizeof(more);
    more.guest.elf = more.guest.words =
        (struct payload_part){(uint64_t)((char *)more.grants - (char *)&more), 1};
    more.guest.grants = (struct payload_part){more.guest.elf.offset, 63 * sizeof(more.grants[0])};
    CHECK(payload_check(large, sizeof(more), LOW, HIGH) == NULL);
    more.guest.grants.size += sizeof(more.grants[0]);
    CHECK_TEXT(payload_check(large, sizeof(more), LOW, HIGH),
               "a guest has more grants than a manifest has entries");
}

static struct payload_grant storage(uint64_t first, uint64_t sectors, uint32_t flags)
{
    return (struct payload_grant){.name = "disk",
                                  .kind = PAYLOAD_BLOCK,
                                  .flags = flags,
                                  .first = first,
                                  .sectors = sectors,
                                  .block_size = PAYLOAD_SECTOR};
}

static void a_block_device_is_whole_blocks_of_a_card(void)
{
    static const struct {
        uint64_t first, sectors;
        uint32_t block_size;
        bool is_one;
    } cases[] = {
        {1, 1, 512, true},
        {UINT32_MAX, UINT32_MAX, 512, true},
        {8, 64, 32768, true},
        {8, 65, 32768, false},
        {8, 64, 65536, false},
        {8, 64, 256, false},
        {8, 64, 0, false},
        {8, 60, 1536, false},
        {0, 64, 512, false},
        {8, 0, 512, false},
        {UINT64_C(1) << 32, 64, 512, false},
        {8, UINT64_C(1) << 32, 512, false},
        {UINT64_MAX, UINT64_MAX, 512, false},
    };

    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make();
        bytes.grants[1] = storage(cases[i].first, cases[i].sectors, 0);
        bytes.grants[1].block_size = cases[i].block_size;
        if (cases[i].is_one)
            CHECK(check() == NULL);
        else
            refused("a block device's sectors are none of a card's, or no whole blocks");
    }
}

static void sectors_that_may_be_written_are_one_devices_alone(void)
{
    static const char *const shared =
        "two block devices have the same sectors, and one may be written";

    for (uint32_t other = 0; other < 3; other++) { /* of two guests, or of one */
        for (uint32_t flags = 0; flags < 4; flags++) {
            make();
            if (other == 2)
                bytes.guests[0].grants.size = 2 * sizeof(bytes.grants[0]);
            bytes.grants[0] = storage(100, 50, flags & 1);
            bytes.grants[1] = storage(other == 1 ? 51 : 149, 50, flags >> 1);
            if (flags == 3 || other == 2) /* the second guest has the second one, too */
                bytes.guests[1].grants.size = flags == 3 ? sizeof(bytes.grants[0]) : 0;
            if (flags == 3)
                CHECK(check() == NULL);
            else
                refused(shared);
        }
    }
    make();
    bytes.grants[0] = storage(100, 50, 0);
    bytes.grants[1] = storage(150, 50, 0);
    CHECK(check() == NULL);
    bytes.guests[1].grants = bytes.guests[0].grants; /* the very same one */
    refused(shared);
    bytes.grants[0] = storage(100, 50, 0);
    bytes.grants[1].first = 100; /* of a line these are nothing */
    CHECK(check() == NULL);
}

static void a_guest_has_a_weight(void)
{
    make();
    bytes.guests[0].weight = 100;
    CHECK(check() == NULL);
    bytes.guests[1].weight = 0;
    refused("a guest's weight is not 1 to 100");
    bytes.guests[1].weight = 101;
    refused("a guest's weight is not 1 to 100");
}

static void a_restart_is_one_of_three(void)
{
    make();
    bytes.guests[1].restart = RESTART_ALWAYS;
    CHECK(check() == NULL);
    bytes.guests[1].restart++;
    refused("there is no such way to restart a guest");
}

static void the_watchdog_is_no_slower_than_the_chips(void)
{
    make();
    payload->watchdog_s = 15;
    CHECK(check() == NULL);
    payload->watchdog_s = 16;
    refused("the watchdog waits for more than 15 seconds");
}

static void memory_is_the_guests_alone(void)
{
    make();
    bytes.guests[1].memory_at = LOW;
    refused("two guests have the same memory");
    bytes.guests[0].memory_size = 2 * STEP;
    refused("two guests have the same memory");
    bytes.guests[0].memory_at = LOW - STEP;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].memory_at = HIGH;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].memory_at++;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].memory_size = STEP / 2;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].memory_size = 0;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].memory_size = UINT64_MAX - STEP + 1;
    refused("a guest's memory is not where guests are");
    bytes.guests[1].core = 4;
    refused("there is no such core");
}

#define FILES (LOW + 4 * STEP) /* behind the guests' memory */
#define LINUX (LOW + 5 * STEP)

static void make_beside(void)
{
    make();
    bytes.guests[0].core = 3;
    bytes.guests[1].core = 1;
    payload->beside = part(&bytes.beside, sizeof(bytes.beside));
    bytes.beside = (struct payload_linux){
        .memory_at = LINUX,
        .memory_size = 2 * STEP,
        .kernel = {FILES, STEP / 2, LINUX},
        .device_tree = {FILES + STEP / 2, 0x1000, LINUX + STEP},
        .initramfs = {FILES + STEP / 2 + 0x1000, 13, LINUX + STEP + 0x1000},
        .cores = 1,
    };
}

static void refused_beside(const char *why)
{
    const char *wrong = check();

    CHECK(wrong != NULL);
    CHECK_TEXT(wrong, why);
    make_beside();
}

static void a_linux_may_be_beside(void)
{
    make_beside();
    CHECK(check() == NULL);
    CHECK(payload_beside(payload) == &bytes.beside);
    payload->count = 0;
    payload->beside.size--;
    refused_beside("what it says of Linux lies outside");
    payload->beside.offset = 8;
    refused_beside("what it says of Linux lies outside");
    payload->beside.offset += 4;
    refused_beside("what it says of Linux lies outside");
    payload->count = 0;
    CHECK(check() == NULL);
    make();
    CHECK(payload_beside(payload) == NULL);
}

static void linux_has_memory_and_cores_of_its_own(void)
{
    static const char memory[] = "Linux's memory is not where guests are, or somebody else's";

    make_beside();
    bytes.beside.memory_at = LOW;
    refused_beside(memory);
    bytes.beside.memory_at++;
    refused_beside(memory);
    bytes.beside.memory_size = HIGH - LINUX + STEP;
    refused_beside(memory);
    bytes.beside.memory_size = 0;
    refused_beside(memory);
    bytes.beside.cores = 0;
    refused_beside("Linux has none of the cores, or all");
    bytes.beside.cores = 4;
    refused_beside("Linux has none of the cores, or all");
    bytes.beside.cores = 2;
    refused_beside("a guest's core is Linux's");
}

static void its_files_lie_outside_and_go_in(void)
{
    struct payload_file *const files[] = {&bytes.beside.kernel, &bytes.beside.device_tree,
                                          &bytes.beside.initramfs};
    static const char file[] = "a file of Linux's is where it cannot be";

    make_beside();
    for (uint32_t i = 0; i < 3; i++) {
        files[i]->at = LINUX + STEP;
        refused_beside(file);
        files[i]->at = LOW + STEP;
        refused_beside(file);
        files[i]->at = 0x80000;
        refused_beside(file);
        files[i]->at++;
        refused_beside(file);
        files[i]->to = FILES;
        refused_beside(file);
        files[i]->to += 4;
        refused_beside(file);
        files[i]->size = 3 * STEP;
        refused_beside(file);
        files[i]->size = UINT64_MAX - 7;
        refused_beside(file);
        files[i]->to = LINUX + 2 * STEP;
        refused_beside(file);
    }
}

int main(void)
{
    a_linux_may_be_beside();
    linux_has_memory_and_cores_of_its_own();
    its_files_lie_outside_and_go_in();
    a_good_one_is_taken();
    its_head_has_to_fit();
    every_part_lies_within_and_behind_the_table();
    texts_end();
    a_manifest_holds_the_grants();
    a_block_device_is_whole_blocks_of_a_card();
    sectors_that_may_be_written_are_one_devices_alone();
    a_guest_has_a_weight();
    a_restart_is_one_of_three();
    the_watchdog_is_no_slower_than_the_chips();
    memory_is_the_guests_alone();
    return 0;
}
