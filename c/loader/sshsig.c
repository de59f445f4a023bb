/* SPDX-License-Identifier: MIT */
/* SSH signatures: strings with their sizes in front, in a blob whose bytes are anybody's. */
#include "loader/sshsig.h"

#include "lib/string.h"
#include "loader/ed25519.h"
#include "loader/sha2.h"

#define MAGIC   "SSHSIG"
#define VERSION 1
#define KIND    "ssh-ed25519"
#define NUMBER  4 /* bytes, the highest first */

struct text {
    const uint8_t *at;
    size_t size;
};

static bool take(struct text *from, size_t size, struct text *taken)
{
    if (size > from->size)
        return false;
    *taken = (struct text){from->at, size};
    from->at += size;
    from->size -= size;
    return true;
}

static bool take_number(struct text *from, uint32_t *number)
{
    struct text bytes;

    if (!take(from, NUMBER, &bytes))
        return false;
    *number = 0;
    for (int i = 0; i < NUMBER; i++)
        *number = *number << 8 | bytes.at[i];
    return true;
}

static bool take_string(struct text *from, struct text *taken)
{
    uint32_t size;

    return take_number(from, &size) && take(from, size, taken);
}

static bool is(struct text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.at, word, text.size) == 0;
}

/* Takes a string of two: KIND, and (size) bytes. */
static bool take_kind(struct text *from, size_t size, const uint8_t **bytes)
{
    struct text both, kind, rest;

    if (!take_string(from, &both) || !take_string(&both, &kind) || !is(kind, KIND) ||
        !take_string(&both, &rest) || rest.size != size || both.size != 0)
        return false;
    *bytes = rest.at;
    return true;
}

static bool is_trusted(const struct loader_keys *keys, const uint8_t *key)
{
    for (uint32_t i = 0; i < keys->count && i < LOADER_KEYS; i++) {
        if (memcmp(keys->key[i], key, ED25519_KEY) == 0)
            return true;
    }
    return false;
}

static size_t put(uint8_t *to, const void *bytes, size_t size)
{
    for (size_t i = 0; i < NUMBER; i++)
        to[i] = (uint8_t)(size >> 8 * (NUMBER - 1 - i));
    memcpy(to + NUMBER, bytes, size);
    return NUMBER + size;
}

bool sshsig_verify(const uint8_t *blob, size_t size, const struct loader_keys *keys,
                   const char *message, size_t message_size)
{
    struct text left = {blob, size}, magic, namespace, reserved, hash;
    const uint8_t *key, *signature;
    uint8_t digest[SHA512_SIZE], said[ED25519_MESSAGE_MAX];
    uint32_t version;

    if (!take(&left, strlen(MAGIC), &magic) || !is(magic, MAGIC) || !take_number(&left, &version) ||
        version != VERSION || !take_kind(&left, ED25519_KEY, &key) ||
        !take_string(&left, &namespace) || !is(namespace, LOADER_NAMESPACE) ||
        !take_string(&left, &reserved) || reserved.size != 0 || !take_string(&left, &hash) ||
        !(is(hash, "sha512") || is(hash, "sha256")) ||
        !take_kind(&left, ED25519_SIGNATURE, &signature) || left.size != 0)
        return false;
    const bool is_long = is(hash, "sha512");
    (is_long ? sha512 : sha256)(digest, message, message_size);

    size_t made = strlen(MAGIC);
    memcpy(said, MAGIC, made);
    made += put(said + made, namespace.at, namespace.size);
    made += put(said + made, reserved.at, 0);
    made += put(said + made, hash.at, hash.size);
    made += put(said + made, digest, is_long ? SHA512_SIZE : SHA256_SIZE);
    return is_trusted(keys, key) && ed25519_verify(signature, key, said, made);
}
