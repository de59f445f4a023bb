/* SPDX-License-Identifier: MIT */
/* What Linux itself costs, without any guest: a system call, and each way to set a line.
 *
 *   linux CHIP LINE VALUE    prints "syscall N", "ioctl N", "pwrite N" and "files N"
 *
 * LINE is set through the character device CHIP, another one through its sysfs file VALUE. */
#include "probe.h"

/* include/uapi/linux/gpio.h of Linux, since 5.10. */
#define V2_GET_LINE        0xc250b407u
#define V2_LINE_SET_VALUES 0xc010b40fu

enum { OUTPUT = 1 << 3, CONFIG_SIZE = 272 };

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

static int line, value; /* descriptors */
static const char *path;

static void syscall(bool high)
{
    (void)high;
    sys_call3((enum sys_number)PROBE_GETPPID, 0, 0, 0);
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

void start(uint64_t *stack)
{
    if (stack[0] != 4)
        probe_must(-1, "linux CHIP LINE VALUE");
    line = request((const char *)stack[2], probe_number((const char *)stack[3]));
    path = (const char *)stack[4];
    value = (int)probe_must(sys_open(path, SYS_O_WRONLY), path);
    measure("syscall", syscall);
    measure("ioctl", ioctl);
    measure("pwrite", pwrite);
    measure("files", files);
    probe_leave(0);
}
