/* SPDX-License-Identifier: MIT */
/* SSH signatures of images, whole and damaged. */
#include "loader/sshsig.h"

#include <stdbool.h>

#include "hex.h"
#include "sshsig_vectors.h"

static struct loader_keys keys;

static void trust(const char *first, const char *second)
{
    const char *const wanted[] = {first, second};

    keys.count = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct bytes key = hex(wanted[i]);
        if (key.size > 0)
            memcpy(keys.key[keys.count++], key.at, key.size);
        free(key.at);
    }
}

static bool fits_for(struct bytes blob, const char *message)
{
    return sshsig_verify(blob.at, blob.size, &keys, message, strlen(message));
}

static bool fits(const char *digits)
{
    const struct bytes blob = hex(digits);
    const bool found = fits_for(blob, MESSAGE);

    free(blob.at);
    return found;
}

static void a_trusted_key_counts_and_no_other(void)
{
    trust(KEY, "");
    CHECK(fits(BY_KEY));
    CHECK(fits(BY_KEY_SHA256));
    CHECK(!fits(BY_OTHER_KEY));
    trust(OTHER_KEY, KEY);
    CHECK(fits(BY_KEY));
    CHECK(fits(BY_OTHER_KEY));
    trust("", "");
    CHECK(!fits(BY_KEY));
}

static void other_purposes_and_kinds_of_key_do_not(void)
{
    trust(KEY, "");
    CHECK(!fits(FOR_FILES));
    CHECK(!fits(BY_ECDSA));
    CHECK(!fits(""));
    CHECK(!fits("535348534947"));
    CHECK(!fits(BY_KEY "00"));
}

static void each_byte_of_it_counts(void)
{
    const struct bytes whole = hex(BY_KEY);

    trust(KEY, "");
    for (size_t i = 0; i < whole.size; i++) {
        whole.at[i] ^= 1;
        CHECK(!fits_for(whole, MESSAGE));
        whole.at[i] ^= 0x80 | 1; /* sizes become huge */
        CHECK(!fits_for(whole, MESSAGE));
        whole.at[i] ^= 0x80;
        const struct bytes part = {malloc(i > 0 ? i : 1), i};
        CHECK(part.at != NULL);
        memcpy(part.at, whole.at, i);
        CHECK(!fits_for(part, MESSAGE));
        free(part.at);
    }
    CHECK(fits_for(whole, MESSAGE));
    CHECK(!fits_for(whole, MESSAGE "0"));
    CHECK(!fits_for(whole, ""));
    free(whole.at);
}

int main(void)
{
    a_trusted_key_counts_and_no_other();
    other_purposes_and_kinds_of_key_do_not();
    each_byte_of_it_counts();
    return 0;
}
