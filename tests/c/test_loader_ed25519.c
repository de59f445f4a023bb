/* SPDX-License-Identifier: MIT */
/* Which Ed25519 signatures fit. */
#include "loader/ed25519.h"

#include "ed25519_vectors.h"
#include "hex.h"

int main(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct vector *const vector = &vectors[i];
        const struct bytes key = hex(vector->key), signature = hex(vector->signature);
        const struct bytes message = hex(vector->message);
        if (ed25519_verify(signature.at, key.at, message.at, message.size) != vector->fits) {
            fprintf(stderr, "%zu, %s: should %sfit\n", i, vector->what, vector->fits ? "" : "not ");
            return 1;
        }
        free(key.at);
        free(signature.at);
        free(message.at);
    }
    return 0;
}
