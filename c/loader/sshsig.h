/* SPDX-License-Identifier: MIT */
/* SSH signatures (PROTOCOL.sshsig of OpenSSH) by Ed25519 keys, as `ssh-keygen -Y sign` makes them.
 */
#ifndef RPIKIT_LOADER_SSHSIG_H
#define RPIKIT_LOADER_SSHSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/protocol.h"

/* Whether the (size) bytes of (blob), its form without armour, are the signature of one of (keys)
 * for LOADER_NAMESPACE over (message_size) bytes of (message). The blob is anybody's. */
bool sshsig_verify(const uint8_t *blob, size_t size, const struct loader_keys *keys,
                   const char *message, size_t message_size);

#endif
