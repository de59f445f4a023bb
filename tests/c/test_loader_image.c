/* SPDX-License-Identifier: MIT */
/* Which images may be started, and what counts as one that is stored. */
#include "loader/image.h"

#include "hex.h"
#include "sshsig_vectors.h"

static struct loader_keys keys;
static struct {
    struct loader_stored head;
    uint8_t rest[LOADER_BLOCK - sizeof(struct loader_stored)];
    uint8_t image[16];
} place;

static enum loader_status check(const char *image, size_t size, const char *sha256,
                                const char *signature)
{
    const struct bytes sum = hex(sha256), blob = hex(signature);
    const struct image said = {
        .at = (const uint8_t *)image,
        .size = size,
        .sha256 = sum.at,
        .signature = blob.at,
        .signature_size = blob.size,
    };
    const enum loader_status status = image_check(&said, &keys);

    free(sum.at);
    free(blob.at);
    return status;
}

static void trust(const char *key)
{
    const struct bytes bytes = hex(key);

    keys = (struct loader_keys){.magic = LOADER_KEYS_MAGIC, .count = 1};
    memcpy(keys.key[0], bytes.at, bytes.size);
    free(bytes.at);
}

static void without_keys_the_sum_counts(void)
{
    keys.count = 0;
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, ""), LOADER_OK);
    CHECK_EQUAL(check("abd", 3, IMAGE_SHA256, ""), LOADER_E_SHA256);
    CHECK_EQUAL(check("abc", 2, IMAGE_SHA256, ""), LOADER_E_SHA256);
    CHECK_EQUAL(check("", 0, IMAGE_SHA256, ""), LOADER_E_SIZE);
    CHECK_EQUAL(check("abc", LOADER_LIMIT + 1, IMAGE_SHA256, ""), LOADER_E_SIZE);
}

static void with_keys_the_signature_does_too(void)
{
    trust(KEY);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, BY_KEY), LOADER_OK);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, ""), LOADER_E_UNSIGNED);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, BY_OTHER_KEY), LOADER_E_SIGNATURE);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, FOR_FILES), LOADER_E_SIGNATURE);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, "00"), LOADER_E_SIGNATURE);
    CHECK_EQUAL(check("abd", 3, IMAGE_SHA256, BY_KEY), LOADER_E_SHA256);
    trust(OTHER_KEY);
    CHECK_EQUAL(check("abc", 3, IMAGE_SHA256, BY_KEY), LOADER_E_SIGNATURE);
}

static void store(void)
{
    const struct bytes sum = hex(IMAGE_SHA256), blob = hex(BY_KEY);

    memset(&place, 0, sizeof(place));
    place.head.magic = LOADER_STORED_MAGIC;
    place.head.version = LOADER_STORED_VERSION;
    place.head.size = 3;
    memcpy(place.head.sha256, sum.at, sum.size);
    place.head.window_ms = 1000;
    place.head.signature_size = (uint32_t)blob.size;
    memcpy(place.head.signature, blob.at, blob.size);
    memcpy(place.image, "abc", 3);
    free(sum.at);
    free(blob.at);
}

static void a_stored_one_is_found_once(void)
{
    struct loader_stored stored;

    store();
    CHECK(image_take_stored(&stored, &place.head));
    CHECK_EQUAL(stored.window_ms, 1000);
    const struct image image = image_stored(&stored, &place.head);
    trust(KEY);
    CHECK(image.at == place.image);
    CHECK_EQUAL(image_check(&image, &keys), LOADER_OK);
    trust(OTHER_KEY);
    CHECK_EQUAL(image_check(&image, &keys), LOADER_E_SIGNATURE);
    CHECK(!image_take_stored(&stored, &place.head));
}

static void not_stored(uint8_t *byte)
{
    struct loader_stored stored;

    store();
    ++*byte;
    CHECK(!image_take_stored(&stored, &place.head));
}

static void what_is_said_otherwise_is_none(void)
{
    struct loader_stored stored;

    not_stored((uint8_t *)&place.head.magic);
    not_stored((uint8_t *)&place.head.version);
    not_stored((uint8_t *)&place.head.flags);
    not_stored((uint8_t *)&place.head.signature_size + 3);
    store();
    place.head.size = (UINT64_C(1) << 32) + 3;
    CHECK(image_take_stored(&stored, &place.head));
    const struct image image = image_stored(&stored, &place.head);
    CHECK_EQUAL(image_check(&image, &keys), LOADER_E_SIZE);
}

int main(void)
{
    without_keys_the_sum_counts();
    with_keys_the_signature_does_too();
    a_stored_one_is_found_once();
    what_is_said_otherwise_is_none();
    return 0;
}
