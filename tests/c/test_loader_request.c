/* SPDX-License-Identifier: MIT */
/* What the loader answers, to whoever asks. */
#include "loader/request.h"

#include "check.h"
#include "loader/crc32.h"
#include "loader/frame.h"
#include "loader/sha2.h"

#define LAST ((LOADER_LIMIT / LOADER_BLOCK) - 1)

static struct loader_keys keys;
static struct loader loader;
static uint8_t answer[FRAME_CONTENT];
static size_t answered; /* bytes behind the status */
static enum loader_act act;

/* Asks from a block of that size, and returns the status. */
static enum loader_status ask(uint8_t kind, const void *payload, size_t size)
{
    uint8_t *const request = malloc(size + 2);
    size_t all;

    CHECK(request != NULL);
    request[0] = kind;
    request[1] = 77;
    if (size > 0)
        memcpy(request + 2, payload, size);
    memset(answer, 0xaa, sizeof(answer));
    act = request_serve(&loader, request, size + 2, answer, &all);
    free(request);
    CHECK(all >= 3 && all <= FRAME_CONTENT - FRAME_CRC);
    CHECK_EQUAL(answer[0], kind | LOADER_ANSWER);
    CHECK_EQUAL(answer[1], 77);
    answered = all - 3;
    CHECK(answer[2] == LOADER_OK || (answered == 0 && act == LOADER_GO_ON));
    return answer[2];
}

static enum loader_status block(uint32_t index, uint16_t size, uint8_t coding, const void *data,
                                size_t data_size)
{
    uint8_t payload[LOADER_PAYLOAD_MAX];
    const struct loader_block head = {index, size, coding};

    CHECK(sizeof(head) + data_size <= sizeof(payload));
    memcpy(payload, &head, sizeof(head));
    memcpy(payload + sizeof(head), data, data_size);
    return ask(LOADER_BLOCK_IS, payload, sizeof(head) + data_size);
}

static void it_says_who_it_is(void)
{
    const uint32_t nonce = 0x12345678;
    struct loader_hello_answer said;

    loader.errors = 65538;
    CHECK_EQUAL(ask(LOADER_HELLO, &nonce, sizeof(nonce)), LOADER_OK);
    CHECK_EQUAL(answered, sizeof(said));
    memcpy(&said, answer + 3, sizeof(said));
    CHECK_EQUAL(said.nonce, nonce);
    CHECK_EQUAL(said.errors, 2);
    CHECK_EQUAL(said.serial_number, 0x1122334455667788);
    CHECK_EQUAL(act, LOADER_GO_ON);
    CHECK_EQUAL(ask(LOADER_HELLO, &nonce, 3), LOADER_E_REQUEST);
    CHECK_EQUAL(ask(LOADER_HELLO, "12345", 5), LOADER_E_REQUEST);
}

static void what_it_does_not_know_it_says(void)
{
    size_t all;

    CHECK_EQUAL(ask(0, "", 0), LOADER_E_REQUEST);
    for (int kind = LOADER_BOOT + 1; kind < 256; kind++)
        CHECK_EQUAL(ask((uint8_t)kind, "1234", 4), LOADER_E_REQUEST);
    CHECK_EQUAL(request_serve(&loader, (const uint8_t *)"", 0, answer, &all), LOADER_GO_ON);
    CHECK_EQUAL(answer[2], LOADER_E_REQUEST);
}

static void rates_are_those_of_the_port(void)
{
    const uint32_t rates[] = {921600, 3000000, 3000001, 1199, 0, UINT32_MAX};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const bool is_one = i < 2;
        CHECK_EQUAL(ask(LOADER_BAUD_RATE, &rates[i], 4), is_one ? LOADER_OK : LOADER_E_BAUD);
        CHECK_EQUAL(act, is_one ? LOADER_CHANGE_BAUD : LOADER_GO_ON);
        CHECK(!is_one || loader.baud == rates[i]);
    }
}

static void blocks_come_whole_short_packed_and_in_parts(void)
{
    uint8_t data[LOADER_BLOCK], *const second = loader.staging + LOADER_BLOCK;
    const uint32_t index = 1;

    memset(data, 0x33, sizeof(data));
    CHECK_EQUAL(block(1, LOADER_BLOCK, LOADER_RAW, data, sizeof(data)), LOADER_OK);
    CHECK_EQUAL(answered, 4);
    CHECK(memcmp(answer + 3, &index, 4) == 0);
    CHECK(memcmp(second, data, LOADER_BLOCK) == 0);
    CHECK_EQUAL(block(1, 3, LOADER_RAW, "abc", 3), LOADER_OK);
    CHECK(memcmp(second, "abc\0", 4) == 0);
    CHECK_EQUAL(second[LOADER_BLOCK - 1], 0);
    CHECK_EQUAL(block(1, 10, LOADER_LZ4,
                      "\x32"
                      "abc\x03\0\x10x",
                      8),
                LOADER_OK);
    CHECK(memcmp(second, "abcabcabcx\0", 11) == 0);
    CHECK_EQUAL(block(1, 2, LOADER_PART, "\x01\0zz", 4), LOADER_OK);
    CHECK(memcmp(second, "azzabcabcx\0", 11) == 0);
    CHECK_EQUAL(block(1, 2, LOADER_PART, "\xfe\x0fzz", 4), LOADER_OK);
    CHECK_EQUAL(second[LOADER_BLOCK - 1], 'z');
    CHECK_EQUAL(second[LOADER_BLOCK], 0);
    CHECK_EQUAL(block(LAST, 0, LOADER_RAW, "", 0), LOADER_OK);
}

static void blocks_that_are_none_are_refused(void)
{
    uint8_t data[LOADER_BLOCK + 1] = {0};

    CHECK_EQUAL(block(LAST + 1, 1, LOADER_RAW, "x", 1), LOADER_E_INDEX);
    CHECK_EQUAL(block(UINT32_MAX, 1, LOADER_RAW, "x", 1), LOADER_E_INDEX);
    CHECK_EQUAL(block(UINT32_MAX, 1, LOADER_LZ4, "\x10x", 2), LOADER_E_INDEX);
    CHECK_EQUAL(block(0, LOADER_BLOCK + 1, LOADER_RAW, data, sizeof(data)), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 2, LOADER_RAW, "x", 1), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 1, LOADER_RAW, "xy", 2), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 1, LOADER_PART + 1, "x", 1), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 2, LOADER_LZ4, "\x10x", 2), LOADER_E_LZ4);
    CHECK_EQUAL(block(0, 0, LOADER_LZ4, "", 0), LOADER_E_LZ4);
    CHECK_EQUAL(block(0, 2, LOADER_PART, "\xff\x0fzz", 4), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 1, LOADER_PART, "\xff\xffz", 3), LOADER_E_REQUEST);
    CHECK_EQUAL(block(0, 1, LOADER_PART, "z", 1), LOADER_E_REQUEST);
    CHECK_EQUAL(ask(LOADER_BLOCK_IS, data, sizeof(struct loader_block) - 1), LOADER_E_REQUEST);
}

static enum loader_status crcs(uint32_t first, uint32_t count)
{
    const struct loader_crcs asked = {first, count};

    return ask(LOADER_CRCS, &asked, sizeof(asked));
}

static void sums_are_those_of_what_is_there(void)
{
    memset(loader.staging, 0, LOADER_LIMIT);
    CHECK_EQUAL(block(2, 3, LOADER_RAW, "abc", 3), LOADER_OK);
    CHECK_EQUAL(crcs(1, 2), LOADER_OK);
    CHECK_EQUAL(answered, 8);
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t crc = crc32(loader.staging + (1 + i) * LOADER_BLOCK, LOADER_BLOCK);
        CHECK(memcmp(answer + 3 + 4 * i, &crc, 4) == 0);
    }
    CHECK_EQUAL(crcs(0, 0), LOADER_OK);
    CHECK_EQUAL(answered, 0);
    CHECK_EQUAL(crcs(LAST + 1 - LOADER_CRCS_MAX, LOADER_CRCS_MAX), LOADER_OK);
    CHECK_EQUAL(answered, 4 * LOADER_CRCS_MAX);
    CHECK_EQUAL(crcs(0, LOADER_CRCS_MAX + 1), LOADER_E_INDEX);
    CHECK_EQUAL(crcs(LAST, 2), LOADER_E_INDEX);
    CHECK_EQUAL(crcs(UINT32_MAX, 2), LOADER_E_INDEX);
    CHECK_EQUAL(crcs(0, UINT32_MAX), LOADER_E_INDEX);
}

static void an_image_is_started_when_it_is_right(void)
{
    uint8_t payload[sizeof(struct loader_start) + LOADER_SIGNATURE] = {0};
    struct loader_start asked = {.size = 3};

    CHECK_EQUAL(block(0, 3, LOADER_RAW, "abc", 3), LOADER_OK);
    sha256(asked.sha256, "abc", 3);
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked)), LOADER_OK);
    CHECK_EQUAL(act, LOADER_ENTER);
    CHECK(loader.chosen.at == loader.staging);
    CHECK_EQUAL(loader.chosen.size, 3);
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked) - 1), LOADER_E_REQUEST);
    asked.signature_size = 1;
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked)), LOADER_E_REQUEST);
    asked.signature_size = LOADER_SIGNATURE;
    memcpy(payload, &asked, sizeof(asked));
    CHECK_EQUAL(ask(LOADER_START, payload, sizeof(payload)), LOADER_OK);
    keys.count = 1;
    CHECK_EQUAL(ask(LOADER_START, payload, sizeof(payload)), LOADER_E_SIGNATURE);
    asked.signature_size = 0;
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked)), LOADER_E_UNSIGNED);
    keys.count = 0;
    asked.sha256[31] ^= 1;
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked)), LOADER_E_SHA256);
    asked.size = LOADER_LIMIT + 1;
    CHECK_EQUAL(ask(LOADER_START, &asked, sizeof(asked)), LOADER_E_SIZE);
}

static void a_stored_one_is_too(void)
{
    uint8_t sum[SHA256_SIZE];
    struct image stored = {.at = (const uint8_t *)"abc", .size = 3, .sha256 = sum};

    sha256(sum, "abc", 3);
    CHECK_EQUAL(ask(LOADER_BOOT, "", 0), LOADER_E_STORED);
    loader.stored = &stored;
    CHECK_EQUAL(ask(LOADER_BOOT, "", 0), LOADER_OK);
    CHECK_EQUAL(act, LOADER_ENTER);
    CHECK(loader.chosen.at == stored.at);
    stored.size = 2;
    CHECK_EQUAL(ask(LOADER_BOOT, "", 0), LOADER_E_SHA256);
    loader.stored = NULL;
    CHECK_EQUAL(ask(LOADER_RESET, "", 0), LOADER_OK);
    CHECK_EQUAL(act, LOADER_RESET_BOARD);
}

int main(void)
{
    loader.board.serial_number = 0x1122334455667788;
    loader.board.max_baud = 3000000;
    loader.keys = &keys;
    loader.staging = calloc(1, LOADER_LIMIT);
    CHECK(loader.staging != NULL);
    it_says_who_it_is();
    what_it_does_not_know_it_says();
    rates_are_those_of_the_port();
    blocks_come_whole_short_packed_and_in_parts();
    blocks_that_are_none_are_refused();
    sums_are_those_of_what_is_there();
    an_image_is_started_when_it_is_right();
    a_stored_one_is_too();
    free(loader.staging);
    return 0;
}
