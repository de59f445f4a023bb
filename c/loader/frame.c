/* SPDX-License-Identifier: MIT */
/* Frames of a serial line: COBS (Cheshire and Baker, 1999) between zeros, with a CRC-32. */
#include "loader/frame.h"

#include "lib/string.h"
#include "loader/crc32.h"

#define FULL 255 /* a code behind which no zero was left out */

static void put(struct frame *frame, uint8_t byte)
{
    if (frame->size < sizeof(frame->content))
        frame->content[frame->size++] = byte;
    else
        frame->is_bad = true;
}

static void put_number(uint8_t *to, uint32_t number)
{
    for (int i = 0; i < FRAME_CRC; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static bool is_whole(struct frame *frame)
{
    uint8_t crc[FRAME_CRC];

    if (frame->is_bad || frame->code_left > 0 ||
        frame->size < sizeof(struct loader_head) + FRAME_CRC)
        return false;
    frame->size -= FRAME_CRC;
    put_number(crc, crc32(frame->content, frame->size));
    return memcmp(crc, frame->content + frame->size, FRAME_CRC) == 0;
}

enum frame_event frame_take(struct frame *frame, uint8_t byte)
{
    if (frame->is_over)
        frame_forget(frame);
    if (byte == 0) {
        if (frame->code == 0)
            return FRAME_MORE;
        frame->is_over = true;
        return is_whole(frame) ? FRAME_WHOLE : FRAME_DROPPED;
    }
    if (frame->code_left > 0) {
        frame->code_left--;
        put(frame, byte);
        return FRAME_MORE;
    }
    if (frame->code != 0 && frame->code != FULL)
        put(frame, 0);
    frame->code = byte;
    frame->code_left = (uint8_t)(byte - 1);
    return FRAME_MORE;
}

bool frame_is_begun(const struct frame *frame)
{
    return frame->code != 0 && !frame->is_over;
}

void frame_forget(struct frame *frame)
{
    frame->size = 0;
    frame->code = frame->code_left = 0;
    frame->is_bad = frame->is_over = false;
}

size_t frame_make(uint8_t *line, uint8_t *content, size_t size)
{
    size_t made = 2, code = 1; /* where the code of what is being written belongs */

    put_number(content + size, crc32(content, size));
    size += FRAME_CRC;
    line[0] = 0; /* ends whatever text was before */
    for (size_t i = 0; i < size; i++) {
        if (made - code == FULL) {
            line[code] = FULL;
            code = made++;
        }
        if (content[i] != 0) {
            line[made++] = content[i];
            continue;
        }
        line[code] = (uint8_t)(made - code);
        code = made++;
    }
    line[code] = (uint8_t)(made - code);
    line[made++] = 0;
    return made;
}
