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
    refused("it is of another version than 2");
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

int main(void)
{
    a_good_one_is_taken();
    its_head_has_to_fit();
    every_part_lies_within_and_behind_the_table();
    texts_end();
    a_guest_has_a_weight();
    a_restart_is_one_of_three();
    the_watchdog_is_no_slower_than_the_chips();
    memory_is_the_guests_alone();
    return 0;
}
