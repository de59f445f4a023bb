/* SPDX-License-Identifier: MIT */
/* Blocks compressed by LZ4: literals, and matches with what was before, in turn. */
#include "loader/lz4.h"

#include "lib/string.h"

#define MORE      15 /* in a token's half: the length goes on in bytes, up to one that is not 255 */
#define MATCH_MIN 4

struct source {
    const uint8_t *at;
    size_t left;
};

/* Takes the length that begins with (*length), and says whether it is no more than (limit). */
static bool take_length(struct source *source, size_t *length, size_t limit)
{
    uint8_t byte = *length == MORE ? 255 : 0;

    while (byte == 255) {
        if (source->left == 0)
            return false;
        byte = *source->at++;
        source->left--;
        *length += byte;
    }
    return *length <= limit;
}

bool lz4_decode(uint8_t *to, size_t room, const uint8_t *from, size_t size)
{
    struct source source = {from, size};
    size_t made = 0;

    while (source.left > 0) {
        const uint8_t token = *source.at++;
        size_t length = token >> 4;
        source.left--;
        if (!take_length(&source, &length, room - made) || length > source.left)
            return false;
        memcpy(to + made, source.at, length);
        made += length;
        source.at += length;
        source.left -= length;
        if (source.left == 0)
            return made == room; /* the last sequence has no match */

        if (source.left < 2)
            return false;
        const size_t distance = (size_t)(source.at[0] | source.at[1] << 8);
        source.at += 2;
        source.left -= 2;
        length = token & 15;
        if (distance == 0 || distance > made || !take_length(&source, &length, SIZE_MAX) ||
            length + MATCH_MIN > room - made)
            return false;
        for (length += MATCH_MIN; length > 0; length--, made++)
            to[made] = to[made - distance]; /* it may overlap itself */
    }
    return false;
}
