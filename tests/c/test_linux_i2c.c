/* SPDX-License-Identifier: MIT */
/* I2C under Linux: what the backend asks of the kernel, read with the kernel's own headers. */
#include "kernel.h"

#include "backends/linux/i2c.c"

#include "check.h"

#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>

#define FD 9

static struct {
    unsigned long functions;
    long opening, claiming, transferring; /* errors; 0: all is well */
    char opened[64];
    unsigned long claimed; /* the address whose driver was asked for */
    uint32_t closed;
    uint32_t transfers;
    struct i2c_msg messages[2]; /* of the last transfer */
    uint32_t count;
    uint8_t written[8];
} kernel;

static long transfer(const struct i2c_rdwr_ioctl_data *data)
{
    kernel.transfers++;
    CHECK(data->nmsgs >= 1 && data->nmsgs <= 2);
    kernel.count = data->nmsgs;
    for (uint32_t i = 0; i < data->nmsgs; i++) {
        const struct i2c_msg *message = &data->msgs[i];
        kernel.messages[i] = *message;
        if (kernel.transferring != 0)
            continue;
        if (message->flags & I2C_M_RD)
            memset(message->buf, 'r', message->len);
        else if (message->len <= sizeof(kernel.written))
            memcpy(kernel.written, message->buf, message->len);
    }
    return kernel.transferring != 0 ? kernel.transferring : (long)data->nmsgs;
}

static long kernel_call(enum sys_number number, long a, long b, long c)
{
    if (number == SYS_OPENAT) {
        CHECK(strlen((const char *)b) < sizeof(kernel.opened));
        strcpy(kernel.opened, (const char *)b);
        CHECK((c & SYS_O_CLOEXEC) && (c & 3) == SYS_O_RDWR);
        return kernel.opening != 0 ? kernel.opening : FD;
    }
    CHECK_EQUAL(a, FD);
    if (number == SYS_CLOSE) {
        kernel.closed++;
        return 0;
    }
    CHECK(number == SYS_IOCTL);
    switch (b) {
    case I2C_FUNCS:
        *(unsigned long *)c = kernel.functions;
        return 0;
    case I2C_SLAVE:
        kernel.claimed = (unsigned long)c;
        return kernel.claiming;
    case I2C_RDWR:
        return transfer((const struct i2c_rdwr_ioctl_data *)c);
    default:
        CHECK(!"a request that nobody expects");
        return -EINVAL;
    }
}

static struct i2c_trouble trouble;

static void start(void)
{
    memset(&kernel, 0, sizeof(kernel));
    memset(&i2c_failures, 0, sizeof(i2c_failures));
    memset(&trouble, 0, sizeof(trouble));
    kernel.functions = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static void a_device_is_opened_by_bus_and_claimed_by_address(void)
{
    start();
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), 0);
    CHECK_TEXT(kernel.opened, "/dev/i2c-1");
    CHECK_EQUAL(kernel.claimed, 0x48);
    CHECK_EQUAL(kernel.closed, 0);
}

static void a_transfer_is_one_transaction_with_the_granted_address(void)
{
    uint8_t into[5] = {0};

    start();
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), 0);
    CHECK_EQUAL(backend_i2c_transfer(3, "\x07\x08", 2, into, 4), SOLO5_R_OK);
    CHECK(kernel.transfers == 1 && kernel.count == 2);
    CHECK(kernel.messages[0].addr == 0x48 && kernel.messages[1].addr == 0x48);
    CHECK(kernel.messages[0].flags == 0 && kernel.messages[1].flags == I2C_M_RD);
    CHECK(kernel.messages[0].len == 2 && kernel.messages[1].len == 4);
    CHECK(memcmp(kernel.written, "\x07\x08", 2) == 0 && memcmp(into, "rrrr", 5) == 0);
    CHECK_EQUAL(backend_i2c_transfer(3, NULL, 0, into, 1), SOLO5_R_OK);
    CHECK(kernel.count == 1 && kernel.messages[0].flags == I2C_M_RD);
    CHECK_EQUAL(backend_i2c_transfer(3, "\x07", 1, NULL, 0), SOLO5_R_OK);
    CHECK(kernel.count == 1 && kernel.messages[0].flags == 0 && kernel.messages[0].len == 1);
}

static void errors_mean_what_the_kernel_says_they_mean(void)
{
    static const struct {
        long error;
        solo5_result_t result;
    } errors[] = {
        {-ENXIO, SOLO5_R_AGAIN},      {-EREMOTEIO, SOLO5_R_AGAIN}, {-EAGAIN, SOLO5_R_AGAIN},
        {-ETIMEDOUT, SOLO5_R_EUNSPEC}, {-EIO, SOLO5_R_EUNSPEC},     {1, SOLO5_R_EUNSPEC},
    };
    uint8_t into;

    start();
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), 0);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        kernel.transferring = errors[i].error;
        CHECK_EQUAL(backend_i2c_transfer(3, "", 1, &into, 1), errors[i].result);
    }
    CHECK(i2c_failures.count == 3 && i2c_failures.handle == 3);
}

static void what_cannot_be_opened_is_explained_and_closed(void)
{
    start();
    kernel.opening = -ENOENT;
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), -ENOENT);
    CHECK(strstr(trouble.text, "there is no /dev/i2c-1") != NULL);
    start();
    kernel.claiming = -EBUSY;
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), -EBUSY);
    CHECK(strstr(trouble.text, "a driver of the kernel has address 0x48") != NULL);
    CHECK_EQUAL(kernel.closed, 1);
    start();
    kernel.functions = I2C_FUNC_SMBUS_EMUL;
    CHECK_EQUAL(i2c_open(3, 1, 0x48, &trouble), -ENOSYS);
    CHECK_EQUAL(kernel.closed, 1);
}

int main(void)
{
    a_device_is_opened_by_bus_and_claimed_by_address();
    a_transfer_is_one_transaction_with_the_granted_address();
    errors_mean_what_the_kernel_says_they_mean();
    what_cannot_be_opened_is_explained_and_closed();
    return 0;
}
