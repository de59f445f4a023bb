/* SPDX-License-Identifier: MIT */
/* The serial protocol of the loader, version 1; toolkit/rpikit/loader/protocol.py is its twin.
 *
 * A frame is its content by COBS (Consistent Overhead Byte Stuffing), and a zero behind; zeros in
 * front of it are no frames. Its content: kind, seq, what (kind) needs, and the CRC-32 (zlib's) of
 * all that. All numbers are little-endian. What is no frame is dropped, and counted.
 *
 * Each request has one answer: kind | LOADER_ANSWER, the same seq, a status, and the rest only if
 * that is LOADER_OK; with another one there may be text. Text outside of frames has no zeros.
 */
#ifndef RPIKIT_LOADER_PROTOCOL_H
#define RPIKIT_LOADER_PROTOCOL_H

#include <stdint.h>

#define LOADER_PROTOCOL    1
#define LOADER_BLOCK       4096 /* bytes of an image that have a number, and a CRC-32 */
#define LOADER_PAYLOAD_MAX 4160 /* bytes of a frame between seq and CRC-32 */
#define LOADER_WINDOW      8    /* frames that may be under way to the board */
#define LOADER_CRCS_MAX    512
#define LOADER_SIGNATURE   512 /* bytes at most */
#define LOADER_BAUD        115200
#define LOADER_BAUD_MS     1000 /* without a frame at another rate, it is LOADER_BAUD again */
#define LOADER_GAP_MS      2000 /* the longest pause within a frame, and until it is WAITING again */
#define LOADER_WAITING     "rpikit loader 1: waiting\r\n"
#define LOADER_WAITING_MS  250

enum loader_kind {
    LOADER_HELLO = 1,
    LOADER_BAUD_RATE = 2,
    LOADER_CRCS = 3,
    LOADER_BLOCK_IS = 4,
    LOADER_START = 5,
    LOADER_RESET = 6, /* no more than its head; so is its answer */
    LOADER_BOOT = 7,  /* the same: the stored image */
    LOADER_ANSWER = 0x80,
};

enum loader_status {
    LOADER_OK = 0,
    LOADER_E_REQUEST = 1,   /* not a request, or not as long as it has to be */
    LOADER_E_LZ4 = 2,       /* it is no LZ4 block of that size */
    LOADER_E_INDEX = 3,     /* a block behind the limit */
    LOADER_E_SHA256 = 4,    /* the image's is another */
    LOADER_E_UNSIGNED = 5,  /* a signature has to be there */
    LOADER_E_SIGNATURE = 6, /* none of the board's keys made it, for this image */
    LOADER_E_SIZE = 7,      /* of an image: none, or behind the limit */
    LOADER_E_STORED = 8,    /* there is no stored image */
    LOADER_E_BAUD = 9,      /* not a rate that the port has */
};

enum loader_coding {
    LOADER_RAW = 0,
    LOADER_LZ4 = 1,  /* a block of its, without a frame */
    LOADER_PART = 2, /* a u16, and bytes that belong there in the block; the others stay. A noisy
                      * line carries small frames only. */
};

/* In loader_hello_answer.flags */
#define LOADER_SIGNED_ONLY  1
#define LOADER_WAS_WATCHDOG 2 /* the chip's watchdog was why the board started last */

struct loader_head {
    uint8_t kind;
    uint8_t seq;
} __attribute__((packed));

/* Behind loader_head and the status of an answer. */

struct loader_hello {
    uint32_t nonce;
} __attribute__((packed));

struct loader_hello_answer {
    uint32_t nonce;
    uint16_t protocol;
    uint16_t block;
    uint8_t window;
    uint8_t flags;
    uint16_t errors;         /* frames dropped since it started, modulo 65536 */
    uint32_t board_revision; /* as the firmware has it; so is serial_number */
    uint64_t serial_number;
    uint32_t limit; /* bytes of an image */
    uint32_t max_baud;
    uint32_t uart_clock_hz;
    char version[16]; /* of rpikit, filled up with zeros */
} __attribute__((packed));

struct loader_baud {
    uint32_t baud; /* from right behind the answer on */
} __attribute__((packed));

struct loader_crcs {
    uint32_t first;
    uint32_t count; /* at most LOADER_CRCS_MAX; so many CRC-32 has the answer, of 4 bytes each */
} __attribute__((packed));

struct loader_block {
    uint32_t index; /* the answer has it, too */
    uint16_t size;  /* as it is in the image; but for a part, the rest is zeroed */
    uint8_t coding; /* enum loader_coding; the data is behind */
} __attribute__((packed));

struct loader_start {
    uint32_t size;
    uint8_t sha256[32];
    uint16_t signature_size; /* the signature is behind: an SSHSIG blob */
} __attribute__((packed));

/* What is signed, for LOADER_NAMESPACE: this text with the SHA-256 in lower-case hexadecimal
 * digits and the size in decimal ones. */
#define LOADER_NAMESPACE "rpikit-metal"
#define LOADER_MESSAGE   "rpikit-metal-image %s %u"

/* The loader's file is whole blocks, the last bytes of which are these. With no key it starts any
 * image. */
#define LOADER_KEYS       8
#define LOADER_KEYS_MAGIC 0x4b4b5052 /* "RPKK" */

struct loader_keys {
    uint32_t magic;
    uint32_t count;
    uint8_t key[LOADER_KEYS][32]; /* ssh-ed25519 */
} __attribute__((packed));

/* An image that lies behind the loader's file: this, filled up to LOADER_BLOCK, and the image. */
#define LOADER_STORED_MAGIC   0x494b5052 /* "RPKI" */
#define LOADER_STORED_VERSION 1

struct loader_stored {
    uint32_t magic;
    uint32_t version;
    uint64_t size;
    uint8_t sha256[32];
    uint32_t flags;     /* 0 */
    uint32_t window_ms; /* how long the loader waits for a request before; 0: for ever */
    uint32_t signature_size;
    uint32_t reserved; /* 0 */
    uint8_t signature[LOADER_SIGNATURE];
} __attribute__((packed));

/* What has a program that listens (the underlay) reset the board: as the loader is no more then,
 * these bytes are no frame. A port takes them when it was silent for 50 ms before. */
#define LOADER_ATTENTION      "\0RPKIT-LOADER\0"
#define LOADER_ATTENTION_SIZE 14

/* In x0 of the image that the loader starts; it is at LOADER_IMAGE then, in EL2 on core 0. */
#define LOADER_MAGIC UINT64_C(0x4b504c5200000001)
#define LOADER_IMAGE 0x80000
#define LOADER_LIMIT 0xf80000 /* bytes of an image: up to what the underlay has for itself */

_Static_assert(sizeof(struct loader_hello_answer) == 52, "as the other side has it");
_Static_assert(sizeof(struct loader_block) == 7, "as the other side has it");
_Static_assert(sizeof(struct loader_start) == 38, "as the other side has it");
_Static_assert(sizeof(struct loader_keys) == 264, "as the other side has it");
_Static_assert(sizeof(struct loader_stored) == 64 + LOADER_SIGNATURE, "as the other side has it");
_Static_assert(sizeof(LOADER_ATTENTION) == LOADER_ATTENTION_SIZE + 1, "as long as it says");

#endif
