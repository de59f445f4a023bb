/* SPDX-License-Identifier: MIT */
/* The window of a guest's virtio device: instructions become accesses of its registers. */
#include "underlay/window.h"

#include "abi/call.h"
#include "backends/fake/fake.h"
#include "check.h"
#include "lib/paging.h"

#define MAGIC  UINT64_C(0x74726976)
#define STATUS 0x70
#define CONFIG 0x100
#define BEFORE UINT64_C(0x1122334455667788)

static uint8_t memory[0x10000] __attribute__((aligned(4096)));
static struct guest guest;

static void start(void)
{
    fake_reset();
    memset(memory, 0, sizeof(memory));
    memset(&guest, 0, sizeof(guest));
    guest.host.memory.base = (uintptr_t)memory;
    guest.host.memory.size = sizeof(memory);
    guest.gpio.backend = &fake_pins.face;
    gpio_attach(&guest.gpio, &guest.host);
    window_open(&guest);
    for (uint32_t i = 0; i < 31; i++)
        guest.frame.x[i] = BEFORE;
}

static struct trap access(bool is_write, uint64_t offset, uint32_t size, uint32_t reg)
{
    return (struct trap){.kind = TRAP_ACCESS,
                         .address = HVT_VIRTIO_WINDOW + offset,
                         .is_write = is_write,
                         .size = size,
                         .reg = reg};
}

static uint64_t load(uint64_t offset, uint32_t size, uint32_t reg)
{
    const struct trap trap = access(false, offset, size, reg);

    CHECK(window_has(&guest, &trap));
    window_access(&guest, &trap);
    return guest.frame.x[reg];
}

static void store(uint64_t offset, uint32_t size, uint32_t reg)
{
    const struct trap trap = access(true, offset, size, reg);

    CHECK(window_has(&guest, &trap));
    window_access(&guest, &trap);
}

static void a_load_replaces_the_whole_register(void)
{
    start();
    CHECK_EQUAL(load(0, 4, 3), MAGIC);
    CHECK_EQUAL(load(CONFIG, 1, 4), 54);
    CHECK_EQUAL(load(CONFIG, 2, 5), 54);
    CHECK_EQUAL(load(CONFIG, 8, 6), 0);
    CHECK_EQUAL(guest.frame.x[2], BEFORE);
}

static void a_store_takes_what_is_in_the_register(void)
{
    start();
    guest.frame.x[7] = 3;
    store(STATUS, 4, 7);
    CHECK_EQUAL(load(STATUS, 4, 1), 3);
    store(STATUS, 4, 31); /* zero: a reset */
    CHECK_EQUAL(load(STATUS, 4, 1), 0);
}

static void a_load_into_no_register_leaves_it_zero(void)
{
    start();
    CHECK_EQUAL(load(0, 4, 31), 0);
}

static void the_window_has_an_end(void)
{
    struct trap trap = access(false, VIRTIO_WINDOW, 4, 0);

    start();
    CHECK(!window_has(&guest, &trap));
    trap.address = HVT_VIRTIO_WINDOW - 4;
    CHECK(!window_has(&guest, &trap));
    trap.address = 0;
    CHECK(!window_has(&guest, &trap));
    trap.address = UINT64_MAX;
    CHECK(!window_has(&guest, &trap));
    trap.address = HVT_VIRTIO_WINDOW + VIRTIO_WINDOW - 1;
    CHECK(window_has(&guest, &trap));
}

static void a_guest_without_lines_has_none(void)
{
    const struct trap trap = access(false, 0, 4, 0);

    start();
    guest.has_window = false;
    CHECK(!window_has(&guest, &trap));
}

static void its_own_tables_show_it(void)
{
    uint64_t entry;

    start();
    memcpy(&entry, memory + PAGING_LEVEL1_AT + 8 * (HVT_VIRTIO_WINDOW >> 30), sizeof(entry));
    CHECK_EQUAL(entry & UINT64_C(0xfffff000), HVT_VIRTIO_WINDOW & UINT64_C(0xfffff000));
    CHECK_EQUAL(entry & 3, 1);
}

int main(void)
{
    a_load_replaces_the_whole_register();
    a_store_takes_what_is_in_the_register();
    a_load_into_no_register_leaves_it_zero();
    the_window_has_an_end();
    a_guest_without_lines_has_none();
    its_own_tables_show_it();
    return 0;
}
