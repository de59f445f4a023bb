/* SPDX-License-Identifier: MIT */
/* The console that guests share, over a serial port that is slow. */
#include "underlay/console.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/uart.h"
#include "backends/bcm2837/wait.h"
#include "check.h"
#include "underlay/beside.h"
#include "underlay/core.h"

#define MUCH 20000

static struct guest one = {.name = "one"}, two = {.name = "two"};
static struct guest *current;
static char sent[1 << 17];
static size_t size, room;   /* bytes: sent, and those that the port takes now */
static char heard[1 << 17]; /* by a Linux beside them */
static size_t hears;
static uint32_t called;
static uint32_t waits;
static void (*meanwhile)(void); /* once, in a wait */

bool uart_send(char byte)
{
    if (room == 0)
        return false;
    room--;
    sent[size++] = byte;
    sent[size] = '\0';
    return true;
}

struct guest *core_guest(void)
{
    return current;
}

void core_wait(uint64_t wake)
{
    struct guest *const self = current;
    void (*const other)(void) = meanwhile;

    (void)wake;
    waits++;
    meanwhile = NULL;
    if (other)
        other();
    current = self;
    room += 11; /* 1 ms at 115200 baud */
}

uint64_t clock_ticks(void)
{
    return 0;
}

uint64_t clock_ticks_of(uint64_t ns)
{
    return ns;
}

void wait_aside(uint64_t ticks)
{
    core_wait(ticks);
}

void beside_hear(const char *text, size_t length)
{
    memcpy(heard + hears, text, length);
    hears += length;
    heard[hears] = '\0';
}

uint32_t core_first(void)
{
    return 3;
}

void core_call(uint32_t core)
{
    called = core;
}

static void begin(size_t port)
{
    size = 0;
    sent[0] = '\0';
    room = port;
    waits = 0;
    hears = called = 0;
    heard[0] = '\0';
    one.told = two.told = 0;
    current = NULL;
}

static void write(struct guest *guest, const char *text)
{
    current = guest;
    console_take(guest, text, strlen(text));
    current = NULL;
}

static void a_guest_alone_writes_as_it_likes(void)
{
    begin(MUCH);
    write(&one, "half");
    write(&one, " a line\nand \r\nmore");
    CHECK_TEXT(sent, "half a line\r\nand \r\r\nmore");
    CHECK_EQUAL(waits, 0);
}

static void all_of_a_long_text_arrives_in_its_order(void)
{
    static char text[MUCH + 1];

    for (size_t i = 0; i < MUCH; i++)
        text[i] = (char)('a' + i % 23);
    begin(0);
    write(&one, text);
    while (console_send())
        room += 16;
    CHECK_TEXT(sent, text);
    CHECK(waits > MUCH / 11 - 500);
}

static void a_long_text_is_no_reason_to_keep_the_core(void)
{
    static char text[MUCH + 1];

    memset(text, 'x', MUCH);
    begin(2 * MUCH);
    write(&one, text);
    CHECK(waits >= MUCH / 0x800 - 1);
    console_name_lines();
    memset(text, '\n', MUCH / 16);
    text[MUCH / 16] = '\0';
    begin(2 * MUCH);
    write(&one, text);
    CHECK_EQUAL(waits, MUCH / 16 - 1);
}

static void help(void)
{
    const uint32_t before = waits;

    current = &two;
    console_take(&two, "help\n", 5);
    CHECK(waits <= before + 1); /* once for what is left to send, never for room */
}

static void who_floods_it_leaves_room_for_the_others(void)
{
    static char flood[MUCH];
    uint32_t lines = 0;

    console_name_lines();
    memset(flood, 'x', sizeof(flood) - 1);
    begin(0);
    meanwhile = help;
    write(&one, flood);
    console_say("underlay: fine\n");
    while (console_send())
        room += 16;
    console_finish(&one);
    while (console_send())
        room += 16;
    const char *const helped = strstr(sent, "[two] help\r\n");
    CHECK(helped != NULL);
    CHECK(helped - sent < 0x800); /* soon, not when the other is through */
    CHECK(strstr(sent, "underlay: fine\r\n") != NULL);
    for (const char *at = sent; (at = strstr(at, "[one] xx")) != NULL; at++)
        lines++;
    CHECK_EQUAL(lines, (MUCH - 1 + GUEST_LINE - 1) / GUEST_LINE);
}

static void lines_of_several_are_whole_and_say_whose_they_are(void)
{
    begin(MUCH);
    write(&one, "be");
    write(&two, "hi\nthere");
    write(&one, "gun\n");
    console_finish(&two);
    console_finish(&two);
    CHECK_TEXT(sent, "[two] hi\r\n[one] begun\r\n[two] there\r\n");
}

static void who_is_beside_hears_all_but_itself_and_never_waits(void)
{
    begin(5);
    write(&one, "hello\n");
    console_offer("linux", "first", 5);
    CHECK_EQUAL(called, 3); /* who sends the rest */
    console_offer("linux", "lost", 4);
    console_say("underlay: %s\n", "yes");
    CHECK_EQUAL(waits, 1); /* of the guest, once it had written */
    room = sizeof(sent) - 1;
    CHECK(!console_send());
    CHECK_TEXT(sent, "[one] hello\r\n[linux] first\r\nunderlay: yes\r\n");
    CHECK_TEXT(heard, "[one] hello\nunderlay: yes\n");
    console_offer("linux", "again", 5);
    CHECK_TEXT(sent, "[one] hello\r\n[linux] first\r\nunderlay: yes\r\n[linux] again\r\n");
}

int main(void)
{
    a_guest_alone_writes_as_it_likes();
    all_of_a_long_text_arrives_in_its_order();
    a_long_text_is_no_reason_to_keep_the_core();
    who_floods_it_leaves_room_for_the_others();
    lines_of_several_are_whole_and_say_whose_they_are();
    who_is_beside_hears_all_but_itself_and_never_waits();
    return 0;
}
