/* SPDX-License-Identifier: MIT */
/* Block devices by virtio: sectors, bounds, and what fails. */
#include "virtio_driver.h"
#include "manifest.h"

#include "backends/fake/fake.h"
#include "virtio/block.h"

#define SIZE   16
#define SECTOR 512
#define HANDLE 1
#define STATUS (DATA - 1) /* guest address of the answer */
#define UNSET  0x77

enum { READ = 0, WRITE_OUT = 1, FLUSH = 4, IDENTIFY = 8 };
enum { OK, FAILED, UNKNOWN };

static uint8_t disk[5 * SECTOR];
static struct host host;
static struct virtio_block block;
static MANIFEST_OF(2) manifest;

static void start(void)
{
    fake_reset();
    begin_guest(&host);
    memset(disk, 'd', sizeof(disk));
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 2};
    memset(manifest.e, 0, sizeof(manifest.e));
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1] = (struct mft_entry){
        .name = "storage",
        .type = MFT_BLOCK_BASIC,
        .u.block = {.capacity = 4 * SECTOR, .block_size = 1024},
        .attached = 1,
    };
    host.manifest = &manifest.head;
    fake_disks[HANDLE] = (struct fake_disk){.bytes = disk, .size = sizeof(disk)};
    CHECK(virtio_block_attach(&block, &host, HANDLE));
    begin_driver(&block.virtio, 1, SIZE);
}

/* Asks with (parts) between the request and the status; returns the status. */
static int ask(uint32_t type, uint64_t sector, const struct part *parts, uint16_t count)
{
    struct part all[SIZE] = {{DATA - 32, 16, 0}};
    const uint16_t before = used_count(0);

    poke(DATA - 32, type, 8);
    poke(DATA - 24, sector, 8);
    memory[STATUS] = UNSET;
    for (uint16_t i = 0; i < count; i++)
        all[1 + i] = parts[i];
    all[1 + count] = (struct part){STATUS, 1, WRITE};
    chain(0, 0, all, count + 2);
    offer(0, 0, SIZE);
    set(AT_NOTIFY, 0);
    CHECK_EQUAL(used_count(0), (uint16_t)(before + 1));
    CHECK(!is_broken());
    return memory[STATUS];
}

static void a_driver_learns_its_size(void)
{
    start();
    CHECK_EQUAL(get(AT_DEVICE), 2);
    CHECK_EQUAL(get(AT_CONFIG), 4);
    CHECK_EQUAL(get(AT_CONFIG + 4), 0);
    CHECK_EQUAL(get(AT_CONFIG + 12), VIRTIO_QUEUE_MAX - 2);
    CHECK_EQUAL(get(AT_CONFIG + 20), 1024);
    CHECK(!virtio_block_attach(&block, &host, 0));
    CHECK(!virtio_block_attach(&block, &host, 2));
}

static void sectors_go_through(void)
{
    start();
    memset(memory + DATA, 'w', SECTOR);
    CHECK_EQUAL(ask(WRITE_OUT, 1, &(struct part){DATA, SECTOR, 0}, 1), OK);
    CHECK(disk[SECTOR - 1] == 'd' && disk[SECTOR] == 'w' && disk[2 * SECTOR - 1] == 'w' &&
          disk[2 * SECTOR] == 'd');
    CHECK_EQUAL(ask(READ, 0, &(struct part){DATA, 4 * SECTOR, WRITE}, 1), OK);
    CHECK(memcmp(memory + DATA, disk, 4 * SECTOR) == 0);
    CHECK_EQUAL(last_used(0, SIZE).written, 4 * SECTOR + 1);
}

static void data_may_be_in_parts_of_any_size(void)
{
    const struct part out[] = {{DATA, 100, 0}, {DATA + 100, 1, 0}, {DATA + 101, 411, 0}};
    const struct part in[] = {{DATA + 600, 500, WRITE}, {DATA + 2000, 12, WRITE}};

    start();
    for (int i = 0; i < SECTOR; i++)
        memory[DATA + i] = (uint8_t)i;
    CHECK_EQUAL(ask(WRITE_OUT, 3, out, 3), OK);
    CHECK(memcmp(disk + 3 * SECTOR, memory + DATA, SECTOR) == 0);
    CHECK_EQUAL(ask(READ, 3, in, 2), OK);
    CHECK(memcmp(memory + DATA + 600, disk + 3 * SECTOR, 500) == 0);
    CHECK(memcmp(memory + DATA + 2000, disk + 3 * SECTOR + 500, 12) == 0);
    CHECK_EQUAL(memory[DATA + 2012], 0);
}

static void request_and_status_may_share_parts_with_data(void)
{
    const struct part parts[] = {{DATA, 16 + SECTOR, 0}, {DATA + 1024, 1, WRITE}};
    const struct part in[] = {{DATA, 16, 0}, {DATA + 1024, SECTOR + 1, WRITE}};

    start();
    poke(DATA, WRITE_OUT, 8);
    poke(DATA + 8, 2, 8);
    memset(memory + DATA + 16, 'w', SECTOR);
    memory[DATA + 1024] = UNSET;
    chain(0, 0, parts, 2);
    offer(0, 0, SIZE);
    set(AT_NOTIFY, 0);
    CHECK_EQUAL(memory[DATA + 1024], OK);
    CHECK(disk[2 * SECTOR] == 'w' && disk[3 * SECTOR] == 'd');
    poke(DATA, READ, 8);
    chain(0, 0, in, 2);
    offer(0, 0, SIZE);
    set(AT_NOTIFY, 0);
    CHECK(memory[DATA + 1024] == 'w' && memory[DATA + 1024 + SECTOR - 1] == 'w');
    CHECK_EQUAL(memory[DATA + 1024 + SECTOR], OK);
}

static void what_is_not_within_the_device_fails(void)
{
    const struct {
        uint64_t sector;
        uint32_t size;
    } odd[] = {
        {4, SECTOR},
        {3, 2 * SECTOR},
        {0, 5 * SECTOR},
        {UINT64_MAX, SECTOR},
        {UINT64_MAX >> 9, SECTOR},
        {UINT64_C(1) << 55, SECTOR},
        {0, SECTOR - 1},
        {0, 1},
        {5, 0},
    };

    start();
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        CHECK_EQUAL(ask(READ, odd[i].sector, &(struct part){DATA, odd[i].size, WRITE}, 1), FAILED);
        CHECK_EQUAL(ask(WRITE_OUT, odd[i].sector, &(struct part){DATA, odd[i].size, 0}, 1), FAILED);
    }
    for (size_t i = 0; i < sizeof(disk); i++)
        CHECK_EQUAL(disk[i], 'd');
    CHECK_EQUAL(memory[DATA], 0);
}

static void storage_that_fails_is_told(void)
{
    start();
    fake_disks[HANDLE].failing = 2;
    CHECK_EQUAL(ask(READ, 0, &(struct part){DATA, SECTOR, WRITE}, 1), FAILED);
    CHECK_EQUAL(last_used(0, SIZE).written, 0);
    CHECK_EQUAL(ask(WRITE_OUT, 0, &(struct part){DATA, SECTOR, 0}, 1), FAILED);
    CHECK_EQUAL(ask(READ, 0, &(struct part){DATA, SECTOR, WRITE}, 1), OK);
}

static void who_it_is_can_be_asked(void)
{
    start();
    CHECK_EQUAL(ask(IDENTIFY, 0, &(struct part){DATA, 20, WRITE}, 1), OK);
    CHECK_TEXT((const char *)memory + DATA, "storage");
    CHECK_EQUAL(ask(IDENTIFY, 0, &(struct part){DATA, 19, WRITE}, 1), FAILED);
}

static void what_was_not_offered_is_not_known(void)
{
    start();
    CHECK_EQUAL(ask(FLUSH, 0, NULL, 0), UNKNOWN);
    CHECK_EQUAL(ask(UINT32_MAX, 0, NULL, 0), UNKNOWN);
    CHECK_EQUAL(last_used(0, SIZE).written, 1);
}

static void a_request_without_a_whole_head_or_a_place_for_the_answer_needs_a_reset(void)
{
    const struct part short_head[] = {{DATA, 15, 0}, {DATA + 1024, 1, WRITE}};
    const struct part no_answer[] = {{DATA, 16, 0}};
    const struct part answer_first[] = {{DATA + 1024, 16, WRITE}, {DATA, 16, 0}};
    const struct part empty_answer[] = {{DATA, 16, 0}, {DATA, 0, WRITE}};
    const struct {
        const struct part *parts;
        uint16_t count;
    } odd[] = {
        {short_head, 2}, {no_answer, 1}, {empty_answer, 2}, {answer_first, 2}, {&short_head[1], 1}};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        start();
        chain(0, 0, odd[i].parts, odd[i].count);
        offer(0, 0, SIZE);
        set(AT_NOTIFY, 0);
        CHECK(is_broken());
        CHECK_EQUAL(used_count(0), 0);
    }
}

int main(void)
{
    a_driver_learns_its_size();
    sectors_go_through();
    data_may_be_in_parts_of_any_size();
    request_and_status_may_share_parts_with_data();
    what_is_not_within_the_device_fails();
    storage_that_fails_is_told();
    who_it_is_can_be_asked();
    what_was_not_offered_is_not_known();
    a_request_without_a_whole_head_or_a_place_for_the_answer_needs_a_reset();
    return 0;
}
