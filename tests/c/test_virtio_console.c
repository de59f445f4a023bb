/* SPDX-License-Identifier: MIT */
/* The console by virtio: what is said, and what is typed. */
#include "virtio_driver.h"

#include "backends/fake/fake.h"
#include "virtio/console.h"

#define SIZE 4

enum { RECEIVE = 0, TRANSMIT = 1 };

static struct host host;
static struct virtio_console console;

static void start(void)
{
    fake_reset();
    begin_guest(&host);
    virtio_console_attach(&console, &host);
    begin_driver(&console.virtio, 2, SIZE);
}

static void post(uint16_t head, struct part part)
{
    describe(RECEIVE, head, part, 0);
    offer(RECEIVE, head, SIZE);
    set(AT_NOTIFY, RECEIVE);
}

static void what_a_guest_says_is_said(void)
{
    start();
    memcpy(memory + DATA, "hello\n", 6);
    describe(TRANSMIT, 0, (struct part){DATA, 6, 0}, 0);
    offer(TRANSMIT, 0, SIZE);
    set(AT_NOTIFY, TRANSMIT);
    CHECK_TEXT(fake_console.text, "hello\n");
}

static void a_buffer_waits_until_something_is_typed(void)
{
    start();
    post(2, (struct part){DATA, 8, WRITE});
    CHECK_EQUAL(used_count(RECEIVE), 0);
    CHECK_EQUAL(virtio_console_type(&console, "ls\n", 3), 3);
    CHECK_EQUAL(used_count(RECEIVE), 1);
    CHECK_EQUAL(last_used(RECEIVE, SIZE).head, 2);
    CHECK_EQUAL(last_used(RECEIVE, SIZE).written, 3);
    CHECK(memcmp(memory + DATA, "ls\n\0", 4) == 0);
    CHECK_EQUAL(get(AT_INTERRUPTS), 1);
}

static void what_has_no_room_is_left(void)
{
    start();
    CHECK_EQUAL(virtio_console_type(&console, "abc", 3), 0);
    post(0, (struct part){DATA, 2, WRITE});
    post(1, (struct part){DATA + 16, 2, WRITE});
    CHECK_EQUAL(virtio_console_type(&console, "abcdef", 6), 4);
    CHECK_EQUAL(used_count(RECEIVE), 2);
    CHECK(memcmp(memory + DATA, "ab\0", 3) == 0 && memcmp(memory + DATA + 16, "cd\0", 3) == 0);
    CHECK_EQUAL(virtio_console_type(&console, "ef", 2), 0);
}

static void nothing_is_typed_to_who_is_not_there(void)
{
    start();
    post(0, (struct part){DATA, 8, WRITE});
    set(AT_STATUS, 0);
    CHECK_EQUAL(virtio_console_type(&console, "a", 1), 0);
    CHECK_EQUAL(memory[DATA], 0);
}

static void a_buffer_that_cannot_be_filled_needs_a_reset(void)
{
    const struct part odd[] = {{DATA, 8, 0}, {0, 8, WRITE}, {MEMORY - 4, 8, WRITE}};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        start();
        post(0, odd[i]);
        CHECK_EQUAL(virtio_console_type(&console, "abc", 3), 0);
        CHECK(is_broken());
        CHECK_EQUAL(used_count(RECEIVE), 0);
    }
}

int main(void)
{
    what_a_guest_says_is_said();
    a_buffer_waits_until_something_is_typed();
    what_has_no_room_is_left();
    nothing_is_typed_to_who_is_not_there();
    a_buffer_that_cannot_be_filled_needs_a_reset();
    return 0;
}
