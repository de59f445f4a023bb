/* SPDX-License-Identifier: MIT */
/* SHA-256 and SHA-512 (FIPS 180-4). The first has the upper halves of the constants of the second:
 * of the square roots of the first primes, and of their cube roots. */
#include "loader/sha2.h"

#include "lib/string.h"

#define STATE      8
#define WORDS      16 /* of a block */
#define ROUNDS_256 64
#define ROUNDS_512 80
#define BLOCK_256  (WORDS * sizeof(uint32_t))
#define BLOCK_512  (WORDS * sizeof(uint64_t))

static const uint64_t first[STATE] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint64_t constants[ROUNDS_512] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t get(const uint8_t *from, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | from[i];
    return value;
}

static void put(uint8_t *to, uint64_t value, size_t size)
{
    for (; size > 0; value >>= 8)
        to[--size] = (uint8_t)value;
}

static uint32_t turn32(uint32_t value, unsigned int by)
{
    return value >> by | value << (32 - by);
}

static uint64_t turn64(uint64_t value, unsigned int by)
{
    return value >> by | value << (64 - by);
}

static void mix256(uint64_t state[STATE], const uint8_t *block)
{
    uint32_t w[WORDS], s[STATE];

    for (int i = 0; i < WORDS; i++, block += 4)
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    for (int i = 0; i < STATE; i++)
        s[i] = (uint32_t)state[i];
    for (int i = 0; i < ROUNDS_256; i++) {
        const uint32_t a = s[0], e = s[4], from2 = w[(i + 14) % WORDS], from15 = w[(i + 1) % WORDS];
        const uint32_t one = s[7] + (turn32(e, 6) ^ turn32(e, 11) ^ turn32(e, 25)) +
                             ((e & s[5]) ^ (~e & s[6])) + (uint32_t)(constants[i] >> 32) +
                             w[i % WORDS];
        const uint32_t two = (turn32(a, 2) ^ turn32(a, 13) ^ turn32(a, 22)) +
                             ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        w[i % WORDS] += (turn32(from15, 7) ^ turn32(from15, 18) ^ from15 >> 3) +
                        w[(i + 9) % WORDS] + (turn32(from2, 17) ^ turn32(from2, 19) ^ from2 >> 10);
        for (int k = STATE - 1; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < STATE; i++)
        state[i] = (uint32_t)state[i] + s[i];
}

static void mix512(uint64_t state[STATE], const uint8_t *block)
{
    uint64_t w[WORDS], s[STATE];

    for (int i = 0; i < WORDS; i++)
        w[i] = get(block + 8 * i, 8);
    memcpy(s, state, sizeof(s));
    for (int i = 0; i < ROUNDS_512; i++) {
        const uint64_t a = s[0], e = s[4], from2 = w[(i + 14) % WORDS], from15 = w[(i + 1) % WORDS];
        const uint64_t one = s[7] + (turn64(e, 14) ^ turn64(e, 18) ^ turn64(e, 41)) +
                             ((e & s[5]) ^ (~e & s[6])) + constants[i] + w[i % WORDS];
        const uint64_t two = (turn64(a, 28) ^ turn64(a, 34) ^ turn64(a, 39)) +
                             ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        w[i % WORDS] += (turn64(from15, 1) ^ turn64(from15, 8) ^ from15 >> 7) + w[(i + 9) % WORDS] +
                        (turn64(from2, 19) ^ turn64(from2, 61) ^ from2 >> 6);
        for (int k = STATE - 1; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < STATE; i++)
        state[i] += s[i];
}

typedef void (*mixer)(uint64_t state[STATE], const uint8_t *block);

/* The last blocks have the rest, a bit that is one, and the number of bits. */
static void digest_all(uint64_t state[STATE], mixer mix, size_t block, const uint8_t *data,
                       size_t size)
{
    uint8_t last[2 * BLOCK_512];
    const uint64_t bits = (uint64_t)size * 8;

    for (; size >= block; data += block, size -= block)
        mix(state, data);
    const size_t filled = size + 1 + block / 8 <= block ? block : 2 * block;
    memset(last, 0, sizeof(last));
    memcpy(last, data, size);
    last[size] = 0x80;
    put(last + filled - sizeof(bits), bits, sizeof(bits));
    for (size_t at = 0; at < filled; at += block)
        mix(state, last + at);
}

void sha256(uint8_t digest[SHA256_SIZE], const void *data, size_t size)
{
    uint64_t state[STATE];

    for (int i = 0; i < STATE; i++)
        state[i] = first[i] >> 32;
    digest_all(state, mix256, BLOCK_256, data, size);
    for (int i = 0; i < STATE; i++)
        put(digest + 4 * i, state[i], 4);
}

void sha512(uint8_t digest[SHA512_SIZE], const void *data, size_t size)
{
    uint64_t state[STATE];

    memcpy(state, first, sizeof(state));
    digest_all(state, mix512, BLOCK_512, data, size);
    for (int i = 0; i < STATE; i++)
        put(digest + 8 * i, state[i], 8);
}
