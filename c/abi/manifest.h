/* SPDX-License-Identifier: MIT */
/* The manifest of devices and the two notes of a Solo5 ELF file (Solo5 manifest version 1). */
#ifndef RPIKIT_ABI_MANIFEST_H
#define RPIKIT_ABI_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#define MFT_VERSION 1
#define MFT_MAX_ENTRIES 64 /* with the reserved entry 0 */
#define MFT_NAME_MAX 67    /* characters, without the NUL */

enum mft_type {
    MFT_BLOCK_BASIC = 1,
    MFT_NET_BASIC = 2,
    /* From here on upstream tenders start the guest and leave the entry unattached. */
    MFT_RESERVED_FIRST = 0x40000000, /* exactly this value: entry 0 only */
    MFT_LINE = 0x52500001,           /* rpikit: one GPIO line */
    MFT_I2C = 0x52500002,            /* rpikit: one device on an I2C bus */
    MFT_SPI = 0x52500003,            /* rpikit: one device on an SPI bus */
    MFT_PWM = 0x52500004,            /* rpikit: one PWM channel */
};

/* Properties of a line, in struct mft_line.flags. */
enum mft_line_flag {
    MFT_LINE_IN = 1 << 0,         /* the guest may make it an input */
    MFT_LINE_OUT = 1 << 1,        /* the guest may make it an output */
    MFT_LINE_ACTIVE_LOW = 1 << 2, /* logical active is electrical low */
    MFT_LINE_PULL_UP = 1 << 3,
    MFT_LINE_PULL_DOWN = 1 << 4,
    MFT_LINE_OPEN_DRAIN = 1 << 5,
    MFT_LINE_OPEN_SOURCE = 1 << 6,
    MFT_LINE_EDGE_RISING = 1 << 7,  /* edges of the logical level are watched: to active */
    MFT_LINE_EDGE_FALLING = 1 << 8, /* to inactive */
};

struct mft_line {
    uint32_t line;  /* wished for in the ELF file; granted once `attached` is set */
    uint32_t flags; /* enum mft_line_flag */
};

/* The same holds for these: wished for in the ELF file, granted once `attached` is set. */
struct mft_i2c {
    uint16_t bus;
    uint16_t address; /* 7 bits */
};

struct mft_spi {
    uint16_t bus;
    uint8_t chip_select;
    uint8_t mode;   /* 0 to 3: bit 1 is the clock's polarity, bit 0 its phase */
    uint32_t speed; /* Hz, at most */
};

struct mft_pwm {
    uint8_t chip, channel;
    uint16_t zero;
    uint32_t period_min, period_max, duty_max; /* ns */
};

struct mft_entry {
    char name[MFT_NAME_MAX + 1]; /* NUL-terminated ASCII letters and digits */
    uint32_t type;               /* enum mft_type */
    union {
        struct {
            uint64_t capacity;   /* bytes */
            uint16_t block_size; /* bytes */
        } block;
        struct {
            uint8_t mac[6];
            uint16_t mtu; /* bytes */
        } net;
        struct mft_line line;
        struct mft_i2c i2c;
        struct mft_spi spi;
        struct mft_pwm pwm;
        uint64_t bytes[2];
    } u;
    uint64_t host; /* the tender's own; meaningless to hvt guests */
    uint8_t attached;
    uint8_t padding[7];
};

struct mft {
    uint32_t version;
    uint32_t entries;
    struct mft_entry e[];
};

_Static_assert(sizeof(struct mft_i2c) == 4, "no padding");
_Static_assert(sizeof(struct mft_spi) == 8, "no padding");
_Static_assert(sizeof(struct mft_pwm) == 16, "no padding");
_Static_assert(sizeof(struct mft) == 8, "Solo5 manifest 1");
_Static_assert(sizeof(struct mft_entry) == 104, "Solo5 manifest 1");
_Static_assert(offsetof(struct mft_entry, type) == 68, "Solo5 manifest 1");
_Static_assert(offsetof(struct mft_entry, u) == 72, "Solo5 manifest 1");
_Static_assert(offsetof(struct mft_entry, host) == 88, "Solo5 manifest 1");
_Static_assert(offsetof(struct mft_entry, attached) == 96, "Solo5 manifest 1");

/* ELF notes: owner "Solo5", one note per PT_NOTE. The descriptor starts at offset 20. */
#define SOLO5_NOTE_OWNER "Solo5"
#define SOLO5_NOTE_ABI 0x31494241      /* "ABI1" */
#define SOLO5_NOTE_MANIFEST 0x3154464d /* "MFT1" */
#define SOLO5_NOTE_DESC_AT 20          /* bytes */

struct solo5_abi {
    uint32_t target; /* 1 hvt, 2 spt, 3 virtio, 4 muen, 5 genode, 6 xen */
    uint32_t version;
    uint32_t reserved[2];
};

_Static_assert(sizeof(struct solo5_abi) == 16, "Solo5 ABI note");

struct solo5_abi_note {
    uint32_t namesz, descsz, type;
    char name[8];
    struct solo5_abi abi;
};

_Static_assert(offsetof(struct solo5_abi_note, abi) == SOLO5_NOTE_DESC_AT, "Solo5 ABI note");

/* The manifest's content is 8-aligned: 4 bytes of padding at offset 20 count as descriptor. */
#define SOLO5_MANIFEST_NOTE_AT 24

#endif
