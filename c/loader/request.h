/* SPDX-License-Identifier: MIT */
/* What the other side of the line asks for, and what is answered. */
#ifndef RPIKIT_LOADER_REQUEST_H
#define RPIKIT_LOADER_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "loader/image.h"
#include "loader/protocol.h"

/* What is to be done when the answer was sent. */
enum loader_act {
    LOADER_GO_ON,
    LOADER_CHANGE_BAUD, /* to loader.baud */
    LOADER_ENTER,       /* loader.chosen, which was checked: where it is, and its size */
    LOADER_RESET_BOARD,
};

/* A board that is asked. The first ones are whose it is. */
struct loader {
    struct loader_hello_answer board; /* all but nonce and errors */
    const struct loader_keys *keys;
    const struct image *stored; /* NULL: there is none */
    uint8_t *staging;           /* LOADER_LIMIT bytes */
    uint32_t errors;            /* frames that were dropped */
    uint32_t baud;
    struct image chosen;
};

/* Serves a request of (size) bytes, head and payload, and makes (answer), of FRAME_CONTENT bytes,
 * of which (*answer_size) are its head and payload. */
enum loader_act request_serve(struct loader *loader, const uint8_t *request, size_t size,
                              uint8_t *answer, size_t *answer_size);

#endif
