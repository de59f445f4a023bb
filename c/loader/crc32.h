/* SPDX-License-Identifier: MIT */
/* The CRC-32 of zlib, gzip and Ethernet. */
#ifndef RPIKIT_LOADER_CRC32_H
#define RPIKIT_LOADER_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Of (size) bytes. */
uint32_t crc32(const uint8_t *data, size_t size);

#endif
