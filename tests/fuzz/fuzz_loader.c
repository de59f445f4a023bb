/* SPDX-License-Identifier: MIT */
/* What comes to the loader over its line. The input: what it is (1 byte), and then: the bytes of
 * the line; or a request that was whole; or the size of a block (2 bytes), and what LZ4 made of it;
 * or a signature. */
#include "fuzz.h"

#include "loader/frame.h"
#include "loader/lz4.h"
#include "loader/request.h"
#include "loader/sshsig.h"

#define KEY 33 /* where an SSHSIG blob has it */

static struct loader_keys keys;
static struct loader loader;
static uint8_t answer[FRAME_CONTENT], line[FRAME_LINE_MAX];
static struct frame frame;

static void prepare(uint8_t kind)
{
    loader.board.max_baud = 3000000;
    loader.keys = &keys;
    keys.count = kind >> 7; /* the one of the corpus */
    memset(keys.key, 0, sizeof(keys.key));
    if (!loader.staging)
        loader.staging = calloc(1, LOADER_LIMIT);
    MUST(loader.staging);
}

static void ask(const uint8_t *request, size_t size)
{
    size_t answered = 0;
    const enum loader_act act = request_serve(&loader, request, size, answer, &answered);

    MUST(answered >= 3 && answered <= FRAME_CONTENT - FRAME_CRC);
    MUST(act == LOADER_GO_ON || answer[2] == LOADER_OK);
    MUST(act != LOADER_ENTER || loader.chosen.size <= LOADER_LIMIT);
    const size_t sent = frame_make(line, answer, answered);
    MUST(sent <= FRAME_LINE_MAX && !memchr(line + 1, 0, sent - 2));
}

static void listen(struct input *input)
{
    while (input->left > 0) {
        uint8_t byte;
        take_bytes(input, &byte, 1);
        if (frame_take(&frame, byte) == FRAME_WHOLE)
            ask(frame.content, frame.size);
    }
    frame_forget(&frame);
}

static void unpack(struct input *input)
{
    uint16_t size;

    take_bytes(input, &size, sizeof(size));
    uint8_t *const to = malloc(size ? size : 1);
    MUST(to);
    lz4_decode(to, size, input->at, input->left);
    free(to);
}

static void check_signature(struct input *input)
{
    if (input->left >= KEY + sizeof(keys.key[0])) /* that one is trusted */
        memcpy(keys.key[0], input->at + KEY, sizeof(keys.key[0]));
    keys.count = 1;
    sshsig_verify(input->at, input->left, &keys, "text", 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t kind;

    take_bytes(&input, &kind, sizeof(kind));
    if (size == 0)
        return 0;
    uint8_t *const rest = malloc(input.left ? input.left : 1); /* ends where the input does */
    MUST(rest);
    memcpy(rest, input.at, input.left);
    input.at = rest;
    prepare(kind);
    switch (kind & 3) {
    case 0:
        listen(&input);
        break;
    case 1:
        ask(input.at, input.left);
        break;
    case 2:
        unpack(&input);
        break;
    default:
        check_signature(&input);
    }
    free(rest);
    return 0;
}
