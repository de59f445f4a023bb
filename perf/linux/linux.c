/* SPDX-License-Identifier: MIT */
/* What Linux itself costs, without any guest: system calls, and each way to set a line.
 *
 *   linux CHIP LINE VALUE BLOCK    prints "syscall N" and the others; and all but "files N" once
 *                                  more, as "syscall_filtered N", under a filter of system calls
 *
 * LINE is set through the character device CHIP, another one through its sysfs file VALUE. BLOCK is
 * a file of which a block is read and written. */
#include "probe.h"

/* include/uapi/linux/gpio.h of Linux, since 5.10. */
#define V2_GET_LINE        0xc250b407u
#define V2_LINE_SET_VALUES 0xc010b40fu

enum { OUTPUT = 1 << 3, CONFIG_SIZE = 272 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, EPOLLIN = 1, EPOLL_CTL_ADD = 1 };

#define BLOCK_SIZE 512

struct line_request {
    uint32_t offsets[64];
    char consumer[32];
    uint64_t flags;
    uint8_t rest_of_config[CONFIG_SIZE - sizeof(uint64_t)];
    uint32_t line_count, event_buffer_size, padding[5];
    int32_t fd;
};

struct line_values {
    uint64_t bits, mask;
};

_Static_assert(sizeof(struct line_request) == (V2_GET_LINE >> 16 & 0x3fff), "uAPI");
_Static_assert(sizeof(struct line_values) == (V2_LINE_SET_VALUES >> 16 & 0x3fff), "uAPI");

static int line, value, storage, events; /* descriptors */
static const char *path;
static uint8_t block[BLOCK_SIZE];

static void syscall(bool high)
{
    (void)high;
    sys_call3((enum sys_number)PROBE_GETPPID, 0, 0, 0);
}

static void clock(bool high)
{
    struct sys_timespec now;

    (void)high;
    sys_call3(SYS_CLOCK_GETTIME, CLOCK_REALTIME, (long)(uintptr_t)&now, 0);
}

/* Looks whether anything is ready, which nothing ever is. */
static void poll(bool high)
{
    struct sys_epoll_event event;

    (void)high;
    sys_call6(SYS_EPOLL_PWAIT, events, (long)(uintptr_t)&event, 1, 0, 0, 0);
}

static void block_read(bool high)
{
    (void)high;
    probe_must(sys_pread(storage, block, BLOCK_SIZE, 0), "reading a block");
}

static void block_write(bool high)
{
    (void)high;
    probe_must(sys_pwrite(storage, block, BLOCK_SIZE, 0), "writing a block");
}

static void ioctl(bool high)
{
    const struct line_values values = {.bits = high, .mask = 1};

    probe_must(sys_ioctl(line, V2_LINE_SET_VALUES, &values), "setting the line");
}

static void pwrite(bool high)
{
    probe_must(sys_pwrite(value, high ? "1" : "0", 1, 0), path);
}

static void files(bool high)
{
    probe_write_file(path, high);
}

static void measure(const char *name, void (*set)(bool high))
{
    uint64_t least = UINT64_MAX;

    for (unsigned int round = 0; round < PROBE_ROUNDS; round++) {
        const uint64_t begin = probe_now();
        for (unsigned int i = 0; i < PROBE_COUNT; i++)
            set(i & 1);
        const uint64_t took = (probe_now() - begin) / PROBE_COUNT;
        least = took < least ? took : least;
    }
    probe_result(name, least);
}

static int request(const char *chip_path, uint32_t number)
{
    const int chip = (int)probe_must(sys_open(chip_path, SYS_O_RDWR), chip_path);
    struct line_request request = {.offsets = {number}, .flags = OUTPUT, .line_count = 1};

    probe_must(sys_ioctl(chip, V2_GET_LINE, &request), "requesting the line");
    return request.fd;
}

/* A set with a timer that nobody sets. */
static int open_events(void)
{
    const int set = (int)probe_must(sys_call3(SYS_EPOLL_CREATE1, 0, 0, 0), "a set of events");
    const int timer =
        (int)probe_must(sys_call3(SYS_TIMERFD_CREATE, CLOCK_MONOTONIC, 0, 0), "a timer");
    const struct sys_epoll_event event = {.events = EPOLLIN};

    probe_must(
        sys_call6(SYS_EPOLL_CTL, set, EPOLL_CTL_ADD, timer, (long)(uintptr_t)&event, 0, 0),
        "watching a timer");
    return set;
}

void start(uint64_t *stack)
{
    const char *const *words = (const char *const *)(stack + 1);

    if (stack[0] != 5)
        probe_must(-1, "linux CHIP LINE VALUE BLOCK");
    line = request(words[1], probe_number(words[2]));
    path = words[3];
    value = (int)probe_must(sys_open(path, SYS_O_WRONLY), path);
    storage = (int)probe_must(sys_open(words[4], SYS_O_RDWR), words[4]);
    events = open_events();
    measure("syscall", syscall);
    measure("clock", clock);
    measure("poll", poll);
    measure("block_read", block_read);
    measure("block_write", block_write);
    measure("ioctl", ioctl);
    measure("pwrite", pwrite);
    measure("files", files);
    probe_filter();
    measure("syscall_filtered", syscall);
    measure("clock_filtered", clock);
    measure("poll_filtered", poll);
    measure("block_read_filtered", block_read);
    measure("block_write_filtered", block_write);
    measure("ioctl_filtered", ioctl);
    measure("pwrite_filtered", pwrite);
    probe_leave(0);
}
