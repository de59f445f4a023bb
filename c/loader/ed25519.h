/* SPDX-License-Identifier: MIT */
/* Checks Ed25519 signatures (RFC 8032). Nothing here is secret, so times may differ. */
#ifndef RPIKIT_LOADER_ED25519_H
#define RPIKIT_LOADER_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED25519_KEY         32
#define ED25519_SIGNATURE   64
#define ED25519_MESSAGE_MAX 192

/* Whether (signature) is that of (key) over (size) bytes of (message). Stricter than the RFC: a key
 * that no secret has (one of low order, or with a part of it) fits nothing, nor does a number that
 * is written in another way than the shortest; nor a message longer than ED25519_MESSAGE_MAX. */
bool ed25519_verify(const uint8_t signature[ED25519_SIGNATURE], const uint8_t key[ED25519_KEY],
                    const uint8_t *message, size_t size);

#endif
