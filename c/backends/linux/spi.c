/* SPDX-License-Identifier: MIT */
/* Devices on SPI buses under Linux: a node of spidev for each handle. */
#include "backends/linux/spi.h"

#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"
#include "backends/spi.h"
#include "lib/format.h"

enum { DEVICES = 64, WORD = 8 /* bits */ };

/* Requests and structures: include/uapi/linux/spi/spidev.h of Linux. */
#define WR_MODE          0x40016b01u
#define WR_BITS_PER_WORD 0x40016b03u
#define WR_MAX_SPEED_HZ  0x40046b04u
#define MESSAGE_1        0x40206b00u

struct transfer {
    uint64_t write, read;
    uint32_t size, speed;
    uint16_t delay;
    uint8_t bits, deselect;
    uint8_t rest[4];
};

_Static_assert(sizeof(struct transfer) == 32, "spidev.h");
_Static_assert(SPI_SIZE_MAX <= 4096, "spidev has a buffer of this size, unless told otherwise");

static int fds[DEVICES] SEALED; /* 0: not open */
static uint32_t speeds[DEVICES] SEALED;

struct failures spi_failures;

static void explain(long error, const struct spi_grant *grant, struct spi_trouble *trouble)
{
    const char *remedy = "";

    if (error == SYS_ENOENT)
        remedy = ": enable the bus, dtparam=spi=on";
    else if (error == SYS_EACCES || error == SYS_EPERM)
        remedy = ": run as root, or join the group that owns it";
    else if (error == SYS_EINVAL)
        remedy = ": the bus cannot do this mode or speed";
    format_buffer(trouble->text, sizeof(trouble->text), "/dev/spidev%u.%u: %s%s", grant->bus,
                  grant->chip_select, sys_error_text(error), remedy);
}

static long set_up(int fd, const struct spi_grant *grant)
{
    const uint8_t mode = (uint8_t)grant->mode, bits = WORD;
    long result = sys_ioctl(fd, WR_MODE, &mode);

    if (result >= 0)
        result = sys_ioctl(fd, WR_BITS_PER_WORD, &bits);
    if (result >= 0)
        result = sys_ioctl(fd, WR_MAX_SPEED_HZ, &grant->speed);
    return result;
}

long spi_open(uint32_t handle, const struct spi_grant *grant, struct spi_trouble *trouble)
{
    char path[48];

    format_buffer(path, sizeof(path), "/dev/spidev%u.%u", grant->bus, grant->chip_select);
    const long fd = sys_open(path, SYS_O_RDWR);
    const long result = fd < 0 ? fd : set_up((int)fd, grant);
    if (result < 0) {
        explain(result, grant, trouble);
        if (fd >= 0)
            sys_close((int)fd);
        return result;
    }
    fds[handle] = (int)fd;
    speeds[handle] = grant->speed;
    return 0;
}

bool backend_spi_transfer(uint32_t handle, const void *write, void *read, uint32_t size)
{
    const struct transfer transfer = {
        .write = (uintptr_t)write,
        .read = (uintptr_t)read,
        .size = size,
        .speed = speeds[handle],
        .bits = WORD,
    };
    const long result = sys_ioctl(fds[handle], MESSAGE_1, &transfer);

    if (result == (long)size)
        return true;
    failures_add(&spi_failures, handle, result);
    return false;
}

static void allow(struct filter *filter)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        if (fds[i] != 0)
            filter_allow_ioctl(filter, fds[i], fds[i], MESSAGE_1);
    }
}

static const struct linux_backend spi = {.allow = allow};
LINUX_BACKEND(spi);
