/* SPDX-License-Identifier: MIT */
/* SHA-256 and SHA-512 (FIPS 180-4), of bytes that are all there. */
#ifndef RPIKIT_LOADER_SHA2_H
#define RPIKIT_LOADER_SHA2_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA512_SIZE 64

/* Of (size) bytes of (data). */
void sha256(uint8_t digest[SHA256_SIZE], const void *data, size_t size);
void sha512(uint8_t digest[SHA512_SIZE], const void *data, size_t size);

#endif
