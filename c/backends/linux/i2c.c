/* SPDX-License-Identifier: MIT */
/* Devices on I2C buses under Linux: a bus' node and an address for each handle. */
#include "backends/linux/i2c.h"

#include <stddef.h>

#include "backends/i2c.h"
#include "backends/linux/backend.h"
#include "backends/linux/sealed.h"
#include "lib/format.h"

enum { DEVICES = 64 };

/* Requests and structures: include/uapi/linux/i2c-dev.h and i2c.h of Linux. */
enum { I2C_SLAVE = 0x0703, I2C_FUNCS = 0x0705, I2C_RDWR = 0x0707 };
enum { FUNC_I2C = 1, MESSAGE_READ = 1 };
enum { SYS_ENXIO = -6, SYS_EREMOTEIO = -121 };

struct message {
    uint16_t address, flags, size;
    uint16_t padding;
    uint64_t at;
};

struct transaction {
    uint64_t messages;
    uint32_t count;
    uint32_t padding;
};

_Static_assert(sizeof(struct message) == 16 && sizeof(struct transaction) == 16, "i2c-dev.h");
_Static_assert(I2C_SIZE_MAX <= 8192, "i2c-dev refuses longer messages");

static int fds[DEVICES] SEALED; /* 0: not open */
static uint16_t addresses[DEVICES] SEALED;

struct failures i2c_failures;

static void explain(long error, uint32_t bus, uint32_t address, struct i2c_trouble *trouble)
{
    if (error == SYS_ENOENT)
        format_buffer(trouble->text, sizeof(trouble->text),
                      "there is no /dev/i2c-%u: enable the bus (dtparam=i2c_arm=on) and load the "
                      "module i2c-dev",
                      bus);
    else if (error == SYS_EBUSY)
        format_buffer(trouble->text, sizeof(trouble->text),
                      "/dev/i2c-%u: a driver of the kernel has address 0x%02x; unbind it first",
                      bus, address);
    else if (error == SYS_EACCES || error == SYS_EPERM)
        format_buffer(trouble->text, sizeof(trouble->text),
                      "/dev/i2c-%u: %s: run as root, or join the group that owns it", bus,
                      sys_error_text(error));
    else
        format_buffer(trouble->text, sizeof(trouble->text), "/dev/i2c-%u: %s", bus,
                      sys_error_text(error));
}

/* An adapter that does plain transfers, and an address that no driver has. */
static long check(int fd, uint32_t address)
{
    uint64_t functions = 0;
    const long result = sys_ioctl(fd, I2C_FUNCS, &functions);

    if (result < 0)
        return result;
    if (!(functions & FUNC_I2C))
        return SYS_ENOSYS;
    return sys_call3(SYS_IOCTL, fd, I2C_SLAVE, (long)address);
}

long i2c_open(uint32_t handle, uint32_t bus, uint32_t address, struct i2c_trouble *trouble)
{
    char path[32];

    format_buffer(path, sizeof(path), "/dev/i2c-%u", bus);
    const long fd = sys_open(path, SYS_O_RDWR);
    const long result = fd < 0 ? fd : check((int)fd, address);
    if (result < 0) {
        explain(result, bus, address, trouble);
        if (fd >= 0)
            sys_close((int)fd);
        return result;
    }
    fds[handle] = (int)fd;
    addresses[handle] = (uint16_t)address;
    return 0;
}

solo5_result_t backend_i2c_transfer(uint32_t handle, const void *write, uint32_t write_size,
                                    void *read, uint32_t read_size)
{
    struct message messages[2];
    struct transaction transaction = {.messages = (uintptr_t)messages};

    if (write_size > 0)
        messages[transaction.count++] = (struct message){
            .address = addresses[handle],
            .size = (uint16_t)write_size,
            .at = (uintptr_t)write,
        };
    if (read_size > 0)
        messages[transaction.count++] = (struct message){
            .address = addresses[handle],
            .flags = MESSAGE_READ,
            .size = (uint16_t)read_size,
            .at = (uintptr_t)read,
        };
    const long result = sys_ioctl(fds[handle], I2C_RDWR, &transaction);
    if (result == (long)transaction.count)
        return SOLO5_R_OK;
    /* Documentation/i2c/fault-codes.rst; bcm2835's driver has the last one for no answer. */
    if (result == SYS_EAGAIN || result == SYS_ENXIO || result == SYS_EREMOTEIO)
        return SOLO5_R_AGAIN;
    failures_add(&i2c_failures, handle, result);
    return SOLO5_R_EUNSPEC;
}

static void allow(struct filter *filter)
{
    for (uint32_t i = 0; i < DEVICES; i++) {
        if (fds[i] != 0)
            filter_allow_ioctl(filter, fds[i], fds[i], I2C_RDWR);
    }
}

static const struct linux_backend i2c = {.allow = allow};
LINUX_BACKEND(i2c);
