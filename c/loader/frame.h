/* SPDX-License-Identifier: MIT */
/* Frames of a serial line: COBS between zeros, with a CRC-32 (protocol.h). */
#ifndef RPIKIT_LOADER_FRAME_H
#define RPIKIT_LOADER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/protocol.h"

#define FRAME_CRC      4
#define FRAME_CONTENT  (sizeof(struct loader_head) + LOADER_PAYLOAD_MAX + FRAME_CRC)
#define FRAME_LINE_MAX (FRAME_CONTENT + FRAME_CONTENT / 254 + 3) /* bytes as they are sent */

enum frame_event {
    FRAME_MORE,    /* bytes are missing */
    FRAME_WHOLE,   /* content and size are a frame's, until the next byte is taken */
    FRAME_DROPPED, /* what had begun is none */
};

/* One that comes; zeros, to begin with. */
struct frame {
    uint8_t content[FRAME_CONTENT];
    size_t size;       /* of the content: head and payload */
    uint8_t code;      /* COBS: the one read last, 0 before the first ... */
    uint8_t code_left; /* ... and how many bytes of it are missing */
    bool is_bad;       /* it is larger than a frame */
    bool is_over;      /* it was told */
};

/* Takes the next (byte) of the line. */
enum frame_event frame_take(struct frame *frame, uint8_t byte);

/* Whether one has begun, and is not over. */
bool frame_is_begun(const struct frame *frame);
/* What has begun will not go on. */
void frame_forget(struct frame *frame);

/* Makes (line), of FRAME_LINE_MAX bytes, of (size) bytes of (content), and returns how many of them
 * are to be sent. FRAME_CRC bytes behind the content are overwritten. */
size_t frame_make(uint8_t *line, uint8_t *content, size_t size);

#endif
