/* SPDX-License-Identifier: MIT */
/* Checks Ed25519 signatures (RFC 8032): S*B - h*A has to be R, with h the SHA-512 of R, A and the
 * message. Small rather than quick: one formula adds all points (section 5.1.4), since it has no
 * exceptions on this curve. */
#include "loader/ed25519.h"

#include "lib/string.h"
#include "loader/sha2.h"

#define LIMBS 5
#define BITS  51 /* of a limb, when it is carried */
#define MASK  ((UINT64_C(1) << BITS) - 1)
#define BYTES 32

typedef unsigned __int128 wide;

/* A number modulo p = 2^255 - 19. Each limb is less than 2^54, and after carry() than 2^51 + 2^13.
 */
struct number {
    uint64_t limb[LIMBS];
};

/* x = X/Z, y = Y/Z, xy = T/Z */
struct point {
    struct number x, y, z, t;
};

static const struct number zero, one = {{1}};
static const struct number curve_d = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
static const struct number curve_2d = {
    {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
static const struct number root_of_minus_one = {
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};
static const struct point base = {
    {{0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5}},
    {{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}},
    {{1}},
    {{0x68ab3a5b7dda3, 0x00eea2a5eadbb, 0x2af8df483c27e, 0x332b375274732, 0x67875f0fd78b7}},
};
static const struct point neutral = {{{0}}, {{1}}, {{1}}, {{0}}};

/* How many multiples the base point has; exponents for the inverse and the square root. */
static const uint8_t order[BYTES] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};
static const uint8_t p_minus_2[BYTES] = {
    0xeb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
static const uint8_t p_minus_5_eighth[BYTES] = {
    0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};

static struct number carry(struct number a)
{
    for (int i = 0; i < LIMBS - 1; i++) {
        a.limb[i + 1] += a.limb[i] >> BITS;
        a.limb[i] &= MASK;
    }
    a.limb[0] += 19 * (a.limb[LIMBS - 1] >> BITS);
    a.limb[LIMBS - 1] &= MASK;
    return a;
}

static struct number add(struct number a, struct number b)
{
    for (int i = 0; i < LIMBS; i++)
        a.limb[i] += b.limb[i];
    return carry(a);
}

static struct number subtract(struct number a, struct number b)
{
    for (int i = 0; i < LIMBS; i++) /* 4p more, so that nothing is below zero */
        a.limb[i] += 4 * (i == 0 ? MASK - 18 : MASK) - b.limb[i];
    return carry(a);
}

static struct number multiply(struct number a, struct number b)
{
    wide sums[LIMBS] = {0};
    struct number product;

    for (int i = 0; i < LIMBS; i++) {
        for (int k = 0; k < LIMBS; k++) {
            const uint64_t factor = i + k < LIMBS ? 1 : 19; /* 2^255 is 19 */
            sums[(i + k) % LIMBS] += (wide)a.limb[i] * (factor * b.limb[k]);
        }
    }
    for (int i = 0; i < LIMBS - 1; i++) {
        sums[i + 1] += sums[i] >> BITS;
        product.limb[i] = (uint64_t)sums[i] & MASK;
    }
    product.limb[LIMBS - 1] = (uint64_t)sums[LIMBS - 1] & MASK;
    sums[LIMBS - 1] = 19 * (sums[LIMBS - 1] >> BITS) + product.limb[0];
    product.limb[0] = (uint64_t)sums[LIMBS - 1] & MASK;
    product.limb[1] += (uint64_t)(sums[LIMBS - 1] >> BITS);
    return product;
}

static struct number power(struct number a, const uint8_t exponent[BYTES])
{
    struct number result = one;

    for (int bit = 8 * BYTES - 1; bit >= 0; bit--) {
        result = multiply(result, result);
        if (exponent[bit / 8] >> bit % 8 & 1)
            result = multiply(result, a);
    }
    return result;
}

static void number_write(uint8_t to[BYTES], struct number a)
{
    uint64_t more = 19; /* one more than p carries out of the last limb */

    a = carry(carry(a));
    for (int i = 0; i < LIMBS; i++)
        more = (a.limb[i] + more) >> BITS;
    a.limb[0] += 19 * more;
    a = carry(a);
    a.limb[0] -= 19 * more; /* the last limb's carry was 2^255, and not to come again as 19 */
    memset(to, 0, BYTES);
    for (int bit = 0; bit < 255; bit++)
        to[bit / 8] |= (uint8_t)((a.limb[bit / BITS] >> bit % BITS & 1) << bit % 8);
}

/* Without the highest bit, which is no part of it. */
static struct number number_read(const uint8_t from[BYTES])
{
    struct number a = zero;

    for (int bit = 0; bit < 255; bit++)
        a.limb[bit / BITS] |= (uint64_t)(from[bit / 8] >> bit % 8 & 1) << bit % BITS;
    return a;
}

static bool is_equal(struct number a, struct number b)
{
    uint8_t first[BYTES], second[BYTES];

    number_write(first, a);
    number_write(second, b);
    return memcmp(first, second, BYTES) == 0;
}

static bool is_odd(struct number a)
{
    uint8_t bytes[BYTES];

    number_write(bytes, a);
    return bytes[0] & 1;
}

static struct point point_add(const struct point *p, const struct point *q)
{
    const struct number a = multiply(subtract(p->y, p->x), subtract(q->y, q->x));
    const struct number b = multiply(add(p->y, p->x), add(q->y, q->x));
    const struct number c = multiply(multiply(p->t, curve_2d), q->t);
    const struct number zz = multiply(p->z, q->z), d = add(zz, zz);
    const struct number e = subtract(b, a), f = subtract(d, c), g = add(d, c), h = add(b, a);

    return (struct point){multiply(e, f), multiply(g, h), multiply(f, g), multiply(e, h)};
}

/* (first)*p + (second)*q, with scalars of so many bytes, the lowest first. */
static struct point point_sum(const uint8_t *first, size_t first_size, const struct point *p,
                              const uint8_t *second, size_t second_size, const struct point *q)
{
    struct point sum = neutral;
    const size_t size = first_size > second_size ? first_size : second_size;

    for (size_t bit = 8 * size; bit-- > 0;) {
        sum = point_add(&sum, &sum);
        if (bit / 8 < first_size && first[bit / 8] >> bit % 8 & 1)
            sum = point_add(&sum, p);
        if (bit / 8 < second_size && second[bit / 8] >> bit % 8 & 1)
            sum = point_add(&sum, q);
    }
    return sum;
}

static bool point_is_neutral(const struct point *p)
{
    return is_equal(p->x, zero) && is_equal(p->y, p->z);
}

static void point_write(uint8_t to[BYTES], const struct point *p)
{
    const struct number inverse = power(p->z, p_minus_2);

    number_write(to, multiply(p->y, inverse));
    to[BYTES - 1] |= (uint8_t)(is_odd(multiply(p->x, inverse)) << 7);
}

/* RFC 8032, 5.1.3. */
static bool point_read(struct point *p, const uint8_t from[BYTES])
{
    const bool wants_odd = from[BYTES - 1] >> 7;
    const struct number y = number_read(from), yy = multiply(y, y);
    const struct number u = subtract(yy, one), v = add(multiply(yy, curve_d), one);
    const struct number v3 = multiply(multiply(v, v), v);
    const struct number uv7 = multiply(u, multiply(multiply(v3, v3), v));
    struct number x = multiply(multiply(u, v3), power(uv7, p_minus_5_eighth));
    uint8_t again[BYTES];

    number_write(again, y);
    again[BYTES - 1] |= (uint8_t)(wants_odd << 7);
    if (memcmp(again, from, BYTES) != 0)
        return false;
    if (!is_equal(multiply(v, multiply(x, x)), u))
        x = multiply(x, root_of_minus_one);
    if (!is_equal(multiply(v, multiply(x, x)), u))
        return false;
    if (is_equal(x, zero) && wants_odd)
        return false;
    if (is_odd(x) != wants_odd)
        x = subtract(zero, x);
    *p = (struct point){x, y, one, multiply(x, y)};
    return true;
}

static bool is_below_order(const uint8_t scalar[BYTES])
{
    for (int i = BYTES - 1; i >= 0; i--) {
        if (scalar[i] != order[i])
            return scalar[i] < order[i];
    }
    return false;
}

/* Reads a key, and says whether it is a multiple of the base point, as those with a secret are. So
 * a hash times the key need not be reduced before, and no key of low order gets through. */
static bool key_read(struct point *p, const uint8_t key[ED25519_KEY])
{
    if (!point_read(p, key) || point_is_neutral(p))
        return false;
    const struct point none = point_sum(order, BYTES, p, order, 0, p);
    return point_is_neutral(&none);
}

bool ed25519_verify(const uint8_t signature[ED25519_SIGNATURE], const uint8_t key[ED25519_KEY],
                    const uint8_t *message, size_t size)
{
    uint8_t hashed[BYTES + ED25519_KEY + ED25519_MESSAGE_MAX], digest[SHA512_SIZE], again[BYTES];
    const uint8_t *const scalar = signature + BYTES;
    struct point a;

    if (size > ED25519_MESSAGE_MAX || !is_below_order(scalar) || !key_read(&a, key))
        return false;
    memcpy(hashed, signature, BYTES);
    memcpy(hashed + BYTES, key, ED25519_KEY);
    memcpy(hashed + BYTES + ED25519_KEY, message, size);
    sha512(digest, hashed, BYTES + ED25519_KEY + size);
    a.x = subtract(zero, a.x);
    a.t = subtract(zero, a.t);
    const struct point r = point_sum(scalar, BYTES, &base, digest, SHA512_SIZE, &a);
    point_write(again, &r);
    return memcmp(again, signature, BYTES) == 0;
}
