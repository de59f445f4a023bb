/* SPDX-License-Identifier: MIT */
/* What the build puts behind the image: the guests, and what each of them is granted.
 * toolkit/rpikit/payload.py writes it. Little-endian; offsets are bytes from its first one. */
#ifndef RPIKIT_UNDERLAY_PAYLOAD_H
#define RPIKIT_UNDERLAY_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_MAGIC   UINT32_C(0x474b5052) /* "RPKG" */
#define PAYLOAD_VERSION 3
#define PAYLOAD_NAME    68 /* bytes, with the final NUL */

#define GUESTS_MAX      16

struct payload_part {
    uint64_t offset, size; /* bytes */
};

/* Whether a guest that has ended begins again. */
enum payload_restart {
    RESTART_NEVER = 0,
    RESTART_ON_FAILURE, /* when it was stopped, or its status was not 0 */
    RESTART_ALWAYS,
};

struct payload_guest {
    char name[PAYLOAD_NAME];
    uint32_t core;
    struct payload_part elf;
    struct payload_part words;  /* the command line, with a final NUL */
    struct payload_part grants; /* of struct payload_grant */
    uint64_t memory_at;         /* physical, a multiple of 2 MiB, as is the size */
    uint64_t memory_size;       /* bytes */
    uint32_t weight;            /* its part of its core's time; schedule.h */
    uint32_t patience_ms;       /* from one call to the next; 0: without end */
    uint32_t restart;           /* enum payload_restart */
    uint32_t restarts;          /* at most */
    uint32_t pause_ms; /* before the first restart; before each further one twice as long */
    uint32_t reserved;
};

enum payload_kind {
    PAYLOAD_LINE = 0,
    PAYLOAD_BLOCK, /* a block device: sectors of the SD card */
};

#define PAYLOAD_READ_ONLY UINT32_C(1) /* in the flags of a block device */
#define PAYLOAD_SECTOR    512         /* bytes */

/* What the guest's manifest has by (name). */
struct payload_grant {
    char name[PAYLOAD_NAME];
    uint32_t line;       /* of a line */
    uint32_t flags;      /* of a line: enum mft_line_flag */
    uint32_t kind;       /* enum payload_kind */
    uint64_t first;      /* of a block device: its first sector on the card, not 0 */
    uint64_t sectors;    /* how many it has */
    uint32_t block_size; /* bytes; what the guest moves at once */
    uint32_t reserved;
};

/* A file that the payload does not hold: whoever loads the image places it at (at), outside all
 * memory, and it is copied to (to) each time that Linux begins. */
struct payload_file {
    uint64_t at, size, to; /* physical; bytes */
};

/* A Linux beside the guests. */
struct payload_linux {
    uint64_t memory_at, memory_size; /* as a guest's */
    struct payload_file kernel, device_tree, initramfs;
    uint64_t lines; /* bit n for line n that it may have; none is a guest's */
    uint32_t cores; /* those from 0 on are its own: 1 to CORES - 1 */
    uint32_t reserved;
};

struct payload {
    uint32_t magic, version;
    uint64_t size; /* bytes of all of it */
    uint32_t count;
    uint32_t watchdog_s;        /* of the chip's watchdog; 0: it is off */
    struct payload_part beside; /* a struct payload_linux; empty: there is none */
    struct payload_guest guests[];
};

_Static_assert(sizeof(struct payload) == 40, "toolkit/rpikit/payload.py");
_Static_assert(sizeof(struct payload_guest) == 160, "toolkit/rpikit/payload.py");
_Static_assert(sizeof(struct payload_grant) == 104, "toolkit/rpikit/payload.py");
_Static_assert(sizeof(struct payload_linux) == 104, "toolkit/rpikit/payload.py");

/* Checks all of it, which begins at (payload) and has room up to (room) bytes: every part lies in
 * it, every name ends, memory lies between (low) and (high) and is nobody else's. NULL, or in a few
 * words what is wrong. */
const char *payload_check(const struct payload *payload, uint64_t room, uint64_t low,
                          uint64_t high);

/* The bytes of a part that was checked. */
static inline const void *payload_at(const struct payload *payload, struct payload_part part)
{
    return (const uint8_t *)payload + part.offset;
}

/* Of a payload that was checked; NULL: there is none. */
static inline const struct payload_linux *payload_beside(const struct payload *payload)
{
    return payload->beside.size > 0 ? payload_at(payload, payload->beside) : NULL;
}

#endif
