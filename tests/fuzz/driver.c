/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target without libFuzzer, the same every time: NAME EXECUTIONS FILE...
 * First every file as it is, then EXECUTIONS mutations of them. */
#include <signal.h>
#include <stdbool.h>

#include "fuzz.h"

#define SEEDS_MAX 256
#define INPUT_MAX 16384 /* bytes of an input */

void __sanitizer_set_death_callback(void (*callback)(void));

struct seed {
    uint8_t *bytes;
    size_t size;
};

static struct seed seeds[SEEDS_MAX];
static size_t seed_count;
static uint8_t current[INPUT_MAX];
static size_t current_size;
static uint64_t executions, state = 88172645463325252u;

/* xorshift64, Marsaglia 2003. */
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t limit)
{
    return (size_t)(next() % limit);
}

static void keep_finding(void)
{
    static const char name[] = "fuzz-finding.bin";
    FILE *file = fopen(name, "wb");

    if (!file)
        return;
    fwrite(current, 1, current_size, file);
    fclose(file);
    fprintf(stderr, "execution %llu: its %zu bytes are in %s\n", (unsigned long long)executions,
            current_size, name);
}

static void on_abort(int number)
{
    signal(number, SIG_DFL);
    keep_finding();
    raise(number);
}

/* In a block of its own, so that AddressSanitizer knows where it ends. */
static void execute(void)
{
    uint8_t *exact = malloc(current_size ? current_size : 1);

    MUST(exact);
    memcpy(exact, current, current_size);
    executions++;
    LLVMFuzzerTestOneInput(exact, current_size);
    free(exact);
}

static void choose(const struct seed *seed)
{
    current_size = seed->size;
    memcpy(current, seed->bytes, seed->size);
}

static void put_number(void)
{
    static const uint64_t edges[] = {
        0,
        1,
        2,
        3,
        7,
        8,
        63,
        64,
        255,
        511,
        512,
        4095,
        4096,
        4097,
        0x3fff,
        0x4000,
        0xffff,
        0x100000,
        0x1fffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        UINT64_MAX - 4095,
        UINT64_MAX - 7,
        UINT64_MAX - 1,
        UINT64_MAX,
        INT64_MAX,
    };
    const size_t size = (size_t)1 << below(4);
    const uint64_t value = edges[below(sizeof(edges) / sizeof(edges[0]))];

    if (current_size >= size)
        memcpy(current + below(current_size - size + 1), &value, size);
}

static void splice(void)
{
    const struct seed *other = &seeds[below(seed_count)];

    if (other->size == 0 || current_size == 0)
        return;
    const size_t from = below(other->size), to = below(current_size);
    size_t size = 1 + below(other->size - from);
    if (size > current_size - to)
        size = current_size - to;
    memcpy(current + to, other->bytes + from, size);
}

static void change_size(bool longer)
{
    const size_t by = 1 + below(64);

    if (!longer)
        current_size -= by < current_size ? by : current_size;
    else if (current_size + by <= sizeof(current))
        for (size_t i = 0; i < by; i++)
            current[current_size++] = (uint8_t)next();
}

static void mutate(void)
{
    for (size_t left = 1 + below(8); left > 0; left--) {
        const size_t how = below(16);
        if (how < 5)
            put_number();
        else if (how < 7)
            splice();
        else if (how < 9)
            change_size(how == 7);
        else if (current_size > 0 && how < 13)
            current[below(current_size)] = (uint8_t)next();
        else if (current_size > 0)
            current[below(current_size)] ^= (uint8_t)(1u << below(8));
    }
}

static void read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file || seed_count == SEEDS_MAX) {
        fprintf(stderr, "%s: cannot be read, or is one file too many\n", path);
        exit(2);
    }
    struct seed *seed = &seeds[seed_count++];
    seed->size = fread(current, 1, sizeof(current), file);
    seed->bytes = malloc(seed->size + 1);
    MUST(seed->bytes);
    memcpy(seed->bytes, current, seed->size);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s EXECUTIONS FILE...\n", argv[0]);
        return 2;
    }
    signal(SIGABRT, on_abort);
    __sanitizer_set_death_callback(keep_finding);
    for (int i = 2; i < argc; i++)
        read_seed(argv[i]);
    for (size_t i = 0; i < seed_count; i++) {
        choose(&seeds[i]);
        execute();
    }
    for (uint64_t left = strtoull(argv[1], NULL, 10); left > 0; left--) {
        choose(&seeds[below(seed_count)]);
        mutate();
        execute();
    }
    printf("%llu executions, no finding\n", (unsigned long long)executions);
    return 0;
}
