/* SPDX-License-Identifier: MIT */
/* What the other side of the line asks for, whoever that is: every size is looked at. */
#include "loader/request.h"

#include "lib/string.h"
#include "loader/crc32.h"
#include "loader/frame.h"
#include "loader/lz4.h"

#define BLOCKS   (LOADER_LIMIT / LOADER_BLOCK)
#define BAUD_MIN 1200
#define HEAD     (sizeof(struct loader_head) + 1) /* of an answer, and its status */

_Static_assert(LOADER_LIMIT % LOADER_BLOCK == 0, "no block is half a block");
_Static_assert(LOADER_CRCS_MAX * 4 + 1 <= LOADER_PAYLOAD_MAX, "an answer fits");

struct exchange {
    struct loader *loader;
    const uint8_t *at; /* of the request, behind its head */
    size_t left;
    uint8_t *answer; /* behind its status */
    size_t answered;
    enum loader_act act;
};

static bool take(struct exchange *exchange, void *to, size_t size)
{
    if (size > exchange->left)
        return false;
    memcpy(to, exchange->at, size);
    exchange->at += size;
    exchange->left -= size;
    return true;
}

static void tell(struct exchange *exchange, const void *from, size_t size)
{
    memcpy(exchange->answer + exchange->answered, from, size);
    exchange->answered += size;
}

static enum loader_status hello(struct exchange *exchange)
{
    struct loader_hello_answer answer = exchange->loader->board;
    struct loader_hello asked;

    if (!take(exchange, &asked, sizeof(asked)))
        return LOADER_E_REQUEST;
    answer.nonce = asked.nonce;
    answer.errors = (uint16_t)exchange->loader->errors;
    tell(exchange, &answer, sizeof(answer));
    return LOADER_OK;
}

static enum loader_status change_baud(struct exchange *exchange)
{
    struct loader_baud asked;

    if (!take(exchange, &asked, sizeof(asked)))
        return LOADER_E_REQUEST;
    if (asked.baud < BAUD_MIN || asked.baud > exchange->loader->board.max_baud)
        return LOADER_E_BAUD;
    exchange->loader->baud = asked.baud;
    exchange->act = LOADER_CHANGE_BAUD;
    return LOADER_OK;
}

static enum loader_status tell_crcs(struct exchange *exchange)
{
    struct loader_crcs asked;

    if (!take(exchange, &asked, sizeof(asked)))
        return LOADER_E_REQUEST;
    if (asked.count > LOADER_CRCS_MAX || asked.count > BLOCKS || asked.first > BLOCKS - asked.count)
        return LOADER_E_INDEX;
    for (uint32_t i = asked.first; i < asked.first + asked.count; i++) {
        const uint32_t crc = crc32(exchange->loader->staging + i * LOADER_BLOCK, LOADER_BLOCK);
        tell(exchange, &crc, sizeof(crc));
    }
    return LOADER_OK;
}

static enum loader_status take_block(struct exchange *exchange)
{
    struct loader_block block;
    uint16_t at = 0;

    if (!take(exchange, &block, sizeof(block)) || block.coding > LOADER_PART)
        return LOADER_E_REQUEST;
    if (block.coding == LOADER_PART && !take(exchange, &at, sizeof(at)))
        return LOADER_E_REQUEST;
    if (at > LOADER_BLOCK || block.size > LOADER_BLOCK - at ||
        (block.coding != LOADER_LZ4 && exchange->left != block.size))
        return LOADER_E_REQUEST;
    if (block.index >= BLOCKS)
        return LOADER_E_INDEX;
    uint8_t *const to = exchange->loader->staging + block.index * LOADER_BLOCK + at;
    if (block.coding != LOADER_LZ4)
        memcpy(to, exchange->at, block.size);
    else if (!lz4_decode(to, block.size, exchange->at, exchange->left))
        return LOADER_E_LZ4;
    if (block.coding != LOADER_PART)
        memset(to + block.size, 0, LOADER_BLOCK - block.size);
    exchange->left = 0;
    tell(exchange, &block.index, sizeof(block.index));
    return LOADER_OK;
}

static enum loader_status enter(struct exchange *exchange, const struct image *image)
{
    const enum loader_status status = image_check(image, exchange->loader->keys);

    if (status != LOADER_OK)
        return status;
    exchange->loader->chosen = (struct image){.at = image->at, .size = image->size};
    exchange->act = LOADER_ENTER;
    return LOADER_OK;
}

static enum loader_status start(struct exchange *exchange)
{
    struct loader_start asked;

    if (!take(exchange, &asked, sizeof(asked)) || exchange->left != asked.signature_size)
        return LOADER_E_REQUEST;
    const struct image image = {
        .at = exchange->loader->staging,
        .size = asked.size,
        .sha256 = asked.sha256,
        .signature = exchange->at,
        .signature_size = asked.signature_size,
    };
    exchange->left = 0;
    return enter(exchange, &image);
}

static enum loader_status reset(struct exchange *exchange)
{
    exchange->act = LOADER_RESET_BOARD;
    return LOADER_OK;
}

static enum loader_status boot(struct exchange *exchange)
{
    const struct image *const stored = exchange->loader->stored;

    return stored ? enter(exchange, stored) : LOADER_E_STORED;
}

typedef enum loader_status (*server)(struct exchange *exchange);

static const server servers[] = {
    [LOADER_HELLO] = hello,         [LOADER_BAUD_RATE] = change_baud, [LOADER_CRCS] = tell_crcs,
    [LOADER_BLOCK_IS] = take_block, [LOADER_START] = start,           [LOADER_RESET] = reset,
    [LOADER_BOOT] = boot,
};

enum loader_act request_serve(struct loader *loader, const uint8_t *request, size_t size,
                              uint8_t *answer, size_t *answer_size)
{
    struct exchange exchange = {
        .loader = loader,
        .at = request,
        .left = size,
        .answer = answer + HEAD,
        .act = LOADER_GO_ON,
    };
    struct loader_head head = {0};
    enum loader_status status = LOADER_E_REQUEST;

    take(&exchange, &head, sizeof(head));
    if (head.kind < sizeof(servers) / sizeof(servers[0]) && servers[head.kind])
        status = servers[head.kind](&exchange);
    if (status == LOADER_OK && exchange.left > 0)
        status = LOADER_E_REQUEST; /* it goes on, where it must not */
    answer[0] = head.kind | LOADER_ANSWER;
    answer[1] = head.seq;
    answer[2] = (uint8_t)status;
    *answer_size = HEAD + (status == LOADER_OK ? exchange.answered : 0);
    return status == LOADER_OK ? exchange.act : LOADER_GO_ON;
}
