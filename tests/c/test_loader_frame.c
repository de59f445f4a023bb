/* SPDX-License-Identifier: MIT */
/* Frames on a line that is clean, and on one that is not. */
#include "loader/frame.h"

#include "check.h"

static uint8_t content[FRAME_CONTENT], line[FRAME_LINE_MAX + 1];
static struct frame frame;

static void fill(size_t size, uint32_t kind)
{
    uint32_t state = kind;

    for (size_t i = 0; i < size; i++) {
        state = state * 1103515245 + 12345;
        content[i] = kind == 0 ? 0 : kind == 1 ? 0x55 : (uint8_t)(state >> 16);
        if (kind > 3 && content[i] % kind > 1)
            content[i] = 0;
    }
}

static enum frame_event take_all(size_t size)
{
    enum frame_event event = FRAME_MORE;

    for (size_t i = 0; i < size; i++) {
        if (event != FRAME_MORE)
            return FRAME_MORE; /* it was over too early */
        event = frame_take(&frame, line[i]);
    }
    return event;
}

static void what_is_sent_is_taken(void)
{
    const size_t largest = FRAME_CONTENT - FRAME_CRC;

    for (uint32_t kind = 0; kind < 8; kind++) {
        for (size_t size = 2; size <= largest; size = size < 1100 ? size + 1 : size + 509) {
            fill(size, kind);
            memset(line, 0xaa, sizeof(line));
            const size_t sent = frame_make(line, content, size);
            CHECK(sent <= FRAME_LINE_MAX);
            CHECK_EQUAL(line[sent], 0xaa);
            CHECK_EQUAL(line[0], 0);
            CHECK(memchr(line + 1, 0, sent - 2) == NULL);
            CHECK_EQUAL(take_all(sent), FRAME_WHOLE);
            CHECK_EQUAL(frame.size, size);
            CHECK(memcmp(frame.content, content, size) == 0);
        }
    }
    fill(largest, 1);
    CHECK_EQUAL(take_all(frame_make(line, content, largest)), FRAME_WHOLE);
}

static void known_bytes(void)
{
    static const uint8_t said[] = {1, 7, 0, 0, 4, 0};
    static const uint8_t want[] = {0, 3, 1, 7, 1, 2, 4, 5, 0x12, 0x6b, 0xd2, 0xac, 0};

    memcpy(content, said, sizeof(said));
    CHECK_EQUAL(frame_make(line, content, sizeof(said)), sizeof(want));
    CHECK(memcmp(line, want, sizeof(want)) == 0);
}

static void a_damaged_one_is_dropped_and_the_next_one_is_taken(void)
{
    for (size_t at = 1; at < 40; at++) {
        fill(33, 2);
        const size_t sent = frame_make(line, content, 33);
        const uint8_t was = line[at];
        for (int bit = 0; bit < 8 && at < sent - 1; bit++) {
            line[at] = was ^ (uint8_t)(1 << bit);
            for (size_t i = 0; i < sent; i++)
                CHECK(frame_take(&frame, line[i]) != FRAME_WHOLE);
        }
        line[at] = was;
        CHECK_EQUAL(take_all(sent), FRAME_WHOLE);
    }
}

static void one_that_lacks_bytes_is_dropped(void)
{
    fill(300, 1);
    const size_t sent = frame_make(line, content, 300);

    for (size_t lacks = 1; lacks < sent - 1; lacks++) {
        CHECK_EQUAL(take_all(sent - 1 - lacks), FRAME_MORE);
        const bool begun = frame_is_begun(&frame);
        CHECK_EQUAL(begun, lacks < sent - 2);
        CHECK_EQUAL(frame_take(&frame, 0), begun ? FRAME_DROPPED : FRAME_MORE);
        CHECK(!frame_is_begun(&frame));
    }
}

static void one_that_is_too_large_is_dropped(void)
{
    CHECK_EQUAL(frame_take(&frame, 0), FRAME_MORE);
    for (size_t i = 0; i < 3 * FRAME_CONTENT; i++)
        CHECK_EQUAL(frame_take(&frame, 255), FRAME_MORE);
    CHECK_EQUAL(frame_take(&frame, 0), FRAME_DROPPED);
    fill(FRAME_CONTENT - FRAME_CRC, 3);
    CHECK_EQUAL(take_all(frame_make(line, content, FRAME_CONTENT - FRAME_CRC)), FRAME_WHOLE);
}

static void zeros_are_nothing_and_what_is_forgotten_too(void)
{
    for (int i = 0; i < 10; i++)
        CHECK_EQUAL(frame_take(&frame, 0), FRAME_MORE);
    CHECK(!frame_is_begun(&frame));
    CHECK_EQUAL(frame_take(&frame, 9), FRAME_MORE);
    CHECK(frame_is_begun(&frame));
    frame_forget(&frame);
    CHECK(!frame_is_begun(&frame));
    CHECK_EQUAL(frame_take(&frame, 0), FRAME_MORE);
    line[0] = 1; /* the smallest code, and nothing else */
    line[1] = 0;
    CHECK_EQUAL(take_all(2), FRAME_DROPPED);
    fill(2, 2);
    CHECK_EQUAL(take_all(frame_make(line, content, 2)), FRAME_WHOLE);
}

int main(void)
{
    what_is_sent_is_taken();
    known_bytes();
    a_damaged_one_is_dropped_and_the_next_one_is_taken();
    one_that_lacks_bytes_is_dropped();
    one_that_is_too_large_is_dropped();
    zeros_are_nothing_and_what_is_forgotten_too();
    return 0;
}
