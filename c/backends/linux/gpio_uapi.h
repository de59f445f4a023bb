/* SPDX-License-Identifier: MIT */
/* Linux's GPIO character device, version 2: include/uapi/linux/gpio.h, since 5.10. */
#ifndef RPIKIT_BACKENDS_LINUX_GPIO_UAPI_H
#define RPIKIT_BACKENDS_LINUX_GPIO_UAPI_H

#include <stdint.h>

#define GET_CHIPINFO       0x8044b401u
#define V2_GET_LINEINFO    0xc100b405u
#define V2_GET_LINE        0xc250b407u
#define V2_LINE_SET_CONFIG 0xc110b40du
#define V2_LINE_GET_VALUES 0xc010b40eu
#define V2_LINE_SET_VALUES 0xc010b40fu

enum line_flag {
    USED = 1 << 0,
    INPUT = 1 << 2,
    OUTPUT = 1 << 3,
    EDGE_RISING = 1 << 4,
    EDGE_FALLING = 1 << 5,
    OPEN_DRAIN = 1 << 6,
    OPEN_SOURCE = 1 << 7,
    PULL_UP = 1 << 8,
    PULL_DOWN = 1 << 9,
    BIAS_DISABLED = 1 << 10,
};

enum { ATTRIBUTE_FLAGS = 1, ATTRIBUTE_OUTPUT_VALUES = 2, ATTRIBUTES = 10 };
enum { EVENT_RISING = 1, EVENT_FALLING = 2, EVENT_BUFFER_MAX = 1024 };

struct chip_info {
    char name[32], label[32];
    uint32_t lines;
};

struct attribute {
    uint32_t id, padding;
    uint64_t value;
};

struct line_info {
    char name[32], consumer[32];
    uint32_t offset, attribute_count;
    uint64_t flags;
    struct attribute attributes[ATTRIBUTES];
    uint32_t padding[4];
};

struct line_config {
    uint64_t flags;
    uint32_t attribute_count, padding[5];
    struct {
        struct attribute attribute;
        uint64_t mask; /* bit n: the n-th line of the request */
    } attributes[ATTRIBUTES];
};

struct line_request {
    uint32_t offsets[64];
    char consumer[32];
    struct line_config config;
    uint32_t line_count, event_buffer_size, padding[5];
    int32_t fd;
};

struct line_values {
    uint64_t bits, mask; /* bit n: the n-th line of the request */
};

struct line_event {
    uint64_t timestamp; /* ns of CLOCK_MONOTONIC */
    uint32_t id, offset, sequence, line_sequence, padding[6];
};

_Static_assert(sizeof(struct chip_info) == (GET_CHIPINFO >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_info) == (V2_GET_LINEINFO >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_config) == (V2_LINE_SET_CONFIG >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_request) == (V2_GET_LINE >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_values) == (V2_LINE_SET_VALUES >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_event) == 48, "uAPI");

#endif
