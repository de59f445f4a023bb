/* SPDX-License-Identifier: MIT */
/* SHA-256, SHA-512 and CRC-32, of all sizes up to some blocks. */
#include "hex.h"
#include "loader/crc32.h"
#include "loader/sha2.h"

#define SIZES 301

/* By Python's hashlib and zlib: of all the sums one after the other. */
#define OF_SHA256 "37c4dea4792819683234a2a82a4a9e4279e80e78e8fdaa3d7833e5a95e9aac55"
#define OF_SHA512                                                                                  \
    "c4c0b5b41f16c657599155b4f6d99ed195e9831d5496952dacb21c87205a529f"                             \
    "c3d35fdde37acbd8e1acf84d90e634e8dfe62081cc44aff6911f34099abe94aa"
#define OF_CRC32 0xd1453ac1

static uint8_t data[SIZES - 1], sums[SIZES * SHA512_SIZE], sum[SHA512_SIZE];

static void check_sum(const char *digits)
{
    const struct bytes want = hex(digits);

    CHECK(memcmp(sum, want.at, want.size) == 0);
    free(want.at);
}

static void known_texts(void)
{
    sha256(sum, "", 0);
    check_sum("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(sum, "abc", 3);
    check_sum("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha512(sum, "abc", 3);
    check_sum("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    CHECK_EQUAL(crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
}

/* From a block of that size, so that none looks behind it. */
static void all_sizes(void)
{
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + (i >> 8));
    for (int kind = 0; kind < 3; kind++) {
        const size_t step = (const size_t[]){SHA256_SIZE, SHA512_SIZE, 4}[kind];
        for (size_t size = 0; size < SIZES; size++) {
            uint8_t *const copy = malloc(size > 0 ? size : 1);
            CHECK(copy != NULL);
            memcpy(copy, data, size);
            const uint32_t crc = crc32(copy, size);
            if (kind == 0)
                sha256(sums + size * step, copy, size);
            else if (kind == 1)
                sha512(sums + size * step, copy, size);
            else
                memcpy(sums + size * step, &crc, sizeof(crc));
            free(copy);
        }
        if (kind == 2)
            CHECK_EQUAL(crc32(sums, SIZES * step), OF_CRC32);
        else
            (kind == 0 ? sha256 : sha512)(sum, sums, SIZES * step);
        if (kind < 2)
            check_sum(kind == 0 ? OF_SHA256 : OF_SHA512);
    }
}

int main(void)
{
    known_texts();
    all_sizes();
    return 0;
}
