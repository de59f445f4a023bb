/* SPDX-License-Identifier: MIT */
/* Solo5's whole public API, from an application that knows nothing of rpikit's build. A word on the
 * command line says what it is to break. */
#include "solo5.h"

#include "libc.h"

#define SECOND UINT64_C(1000000000)
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            say("FAILURE: " #condition "\n");                                                      \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static __thread uint64_t initialised = 0x5eed;
static __thread uint64_t zeroed;
static uint64_t data = 42, bss[2000];
static uint8_t sector[4096], read_back[4096];
static uint64_t tls_block[512] __attribute__((aligned(16)));
static const uint64_t constant = 7;
static volatile uint64_t nothing; /* which the compiler does not know */

static solo5_handle_t net = 99;

static void say(const char *text)
{
    solo5_console_write(text, strlen(text));
}

/* Linux itself sends some on a new link. */
static void read_frames(void)
{
    size_t size;

    while (solo5_net_read(net, sector, sizeof(sector), &size) == SOLO5_R_OK)
        continue;
}

static int check_memory(const struct solo5_start_info *info)
{
    uint64_t here = 0;

    CHECK(data == 42 && constant == 7 && bss[0] == 0 && bss[1999] == 0);
    CHECK(info->heap_start % 4096 == 0 && info->heap_size >= 512 * 1024);
    CHECK((uintptr_t)&here > info->heap_start);
    CHECK((uintptr_t)&here < info->heap_start + info->heap_size);
    memset((void *)info->heap_start, 0xa5, 4096);
    return 0;
}

static int check_tls(void)
{
    CHECK(solo5_tls_size() >= 16 + 2 * sizeof(uint64_t) && solo5_tls_size() <= sizeof(tls_block));
    CHECK(solo5_tls_init(0) == SOLO5_R_EINVAL);
    CHECK(solo5_tls_init((uintptr_t)tls_block) == SOLO5_R_OK);
    const uintptr_t tp = solo5_tls_tp_offset((uintptr_t)tls_block);
    CHECK(*(uint64_t *)tp == tp);
    CHECK(solo5_set_tls_base(tp) == SOLO5_R_OK);
    CHECK(initialised == 0x5eed && zeroed == 0);
    initialised++;
    zeroed--;
    CHECK(initialised == 0x5eee && zeroed == UINT64_MAX);
    return 0;
}

static int check_time(void)
{
    const solo5_time_t wall = solo5_clock_wall(), start = solo5_clock_monotonic();
    solo5_handle_set_t ready = 99;
    volatile double half = 0.5;

    CHECK(wall > 1500000000 * SECOND);
    do {
        read_frames();
        solo5_yield(start + SECOND / 10, &ready);
    } while (solo5_clock_monotonic() - start < SECOND / 10 && ready == 1u << net);
    CHECK(solo5_clock_monotonic() - start >= SECOND / 10);
    CHECK(solo5_clock_wall() - wall >= SECOND / 10 - SECOND / 100);
    solo5_yield(0, NULL); /* looks once */
    CHECK(half * 4 == 2.0);
    return 0;
}

static int check_block(void)
{
    struct solo5_block_info info = {99, 99}, other = {99, 99};
    solo5_handle_t handle = 99, again = 99;

    CHECK(solo5_block_acquire("service0", &again, &other) == SOLO5_R_EINVAL);
    CHECK(solo5_block_acquire("nobody", &again, &other) == SOLO5_R_EINVAL);
    CHECK(again == 99 && other.capacity == 99 && other.block_size == 99);
    CHECK(solo5_block_acquire("storage", &handle, &info) == SOLO5_R_OK);
    CHECK(handle == 1 && info.capacity % info.block_size == 0);
    const size_t size = (size_t)info.block_size;
    for (solo5_off_t at = 0; at < info.capacity; at += size) {
        memset(sector, (int)(1 + at / size), size);
        CHECK(solo5_block_write(handle, at, sector, size) == SOLO5_R_OK);
        CHECK(solo5_block_read(handle, at, read_back, size) == SOLO5_R_OK);
        CHECK(memcmp(sector, read_back, size) == 0);
    }
    CHECK(solo5_block_write(handle, 1, sector, size) != SOLO5_R_OK);
    CHECK(solo5_block_write(handle, 0, sector, size - 1) != SOLO5_R_OK);
    CHECK(solo5_block_write(handle, 0, sector, size + 1) != SOLO5_R_OK);
    CHECK(solo5_block_write(handle, 0, sector, 2 * size) != SOLO5_R_OK);
    CHECK(solo5_block_write(handle, info.capacity, sector, size) != SOLO5_R_OK);
    CHECK(solo5_block_read(handle, info.capacity, sector, size) != SOLO5_R_OK);
    CHECK(solo5_block_read(handle, info.capacity - 1, sector, size) != SOLO5_R_OK);
    CHECK(solo5_block_read(handle, (solo5_off_t)-1, sector, size) != SOLO5_R_OK);
    return 0;
}

static int check_net(void)
{
    struct solo5_net_info info = {{0}, 0};

    CHECK(solo5_net_acquire("storage", &net, &info) == SOLO5_R_EINVAL && net == 99);
    CHECK(solo5_net_acquire("service0", &net, &info) == SOLO5_R_OK && net == 2);
    CHECK(info.mtu == 1500 && (info.mac_address[0] & 1) == 0);
    memset(sector, 0xff, 6);
    memcpy(sector + 6, info.mac_address, SOLO5_NET_ALEN);
    sector[12] = 0x88;
    sector[13] = 0xb5; /* IEEE 802: local experiments */
    CHECK(solo5_net_write(net, sector, 60) == SOLO5_R_OK);
    CHECK(solo5_net_write(net, sector, info.mtu + SOLO5_NET_HLEN) == SOLO5_R_OK);
    return 0;
}

static void __attribute__((noinline)) smash(volatile char *at)
{
    for (int i = 0; i < 64; i++)
        at[i] = 'x';
}

static int __attribute__((noinline)) ssp(void)
{
    volatile char small[8];

    smash(small);
    return small[0];
}

static int break_it(const char *how)
{
    if (strcmp(how, "ssp") == 0)
        ssp();
    if (strcmp(how, "notls") == 0)
        initialised++;
    if (strcmp(how, "exception") == 0)
        *(volatile uint64_t *)0x5000000000 = 1;
    if (strcmp(how, "zeropage") == 0)
        *(volatile uint8_t *)(uintptr_t)nothing = 1;
    if (strcmp(how, "xnow") == 0)
        *(volatile uint32_t *)(uintptr_t)solo5_app_main = 0;
    if (strcmp(how, "rnow") == 0)
        *(volatile uint64_t *)(uintptr_t)&constant = 0;
    if (strcmp(how, "wnox") == 0) {
        bss[0] = 0xd65f03c0; /* ret */
        __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb"
                         :
                         : "r"(bss)
                         : "memory");
        ((void (*)(void))(uintptr_t)bss)();
    }
    if (strcmp(how, "seccomp") == 0)
        __asm__ volatile("mov x8, #172\n\tsvc #0" : : : "x0", "x8", "memory"); /* getpid */
    if (strcmp(how, "abort") == 0)
        solo5_abort();
    if (strcmp(how, "exit") == 0)
        solo5_exit(263);
    say("FAILURE: went on\n");
    return 1;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    say("cmdline: ");
    say(info->cmdline);
    say("\n");
    if (info->cmdline[0])
        return break_it(info->cmdline);
    if (check_memory(info) || check_tls() || check_block() || check_net() || check_time())
        return SOLO5_EXIT_FAILURE;
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
