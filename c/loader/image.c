/* SPDX-License-Identifier: MIT */
/* Images, and what has to be right before one is started. */
#include "loader/image.h"

#include "lib/format.h"
#include "lib/string.h"
#include "loader/sha2.h"
#include "loader/sshsig.h"

#define HEX     (2 * SHA256_SIZE + 1)
#define MESSAGE (sizeof(LOADER_MESSAGE) + HEX + 10)

static void write_hex(char *to, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        format_buffer(to + 2 * i, 3, "%02x", bytes[i]);
}

enum loader_status image_check(const struct image *image, const struct loader_keys *keys)
{
    uint8_t digest[SHA256_SIZE];
    char hex[HEX], message[MESSAGE];

    if (image->size == 0 || image->size > LOADER_LIMIT)
        return LOADER_E_SIZE;
    sha256(digest, image->at, image->size);
    if (memcmp(digest, image->sha256, sizeof(digest)) != 0)
        return LOADER_E_SHA256;
    if (keys->count == 0)
        return LOADER_OK;
    if (image->signature_size == 0)
        return LOADER_E_UNSIGNED;
    write_hex(hex, digest, sizeof(digest));
    const size_t size =
        format_buffer(message, sizeof(message), LOADER_MESSAGE, hex, (unsigned int)image->size);
    return sshsig_verify(image->signature, image->signature_size, keys, message, size)
               ? LOADER_OK
               : LOADER_E_SIGNATURE;
}

bool image_take_stored(struct loader_stored *stored, struct loader_stored *found)
{
    memcpy(stored, found, sizeof(*stored));
    if (stored->magic != LOADER_STORED_MAGIC)
        return false;
    found->magic = 0;
    return stored->version == LOADER_STORED_VERSION && stored->flags == 0 &&
           stored->signature_size <= sizeof(stored->signature);
}

struct image image_stored(const struct loader_stored *stored, const struct loader_stored *found)
{
    return (struct image){
        .at = (const uint8_t *)found + LOADER_BLOCK,
        .size = stored->size,
        .sha256 = stored->sha256,
        .signature = stored->signature,
        .signature_size = stored->signature_size,
    };
}
