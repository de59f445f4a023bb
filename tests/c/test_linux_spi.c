/* SPDX-License-Identifier: MIT */
/* SPI under Linux: what the backend asks of the kernel, read with the kernel's own headers. */
#include "kernel.h"

#include "backends/linux/spi.c"

#include "check.h"

#include <errno.h>
#include <linux/spi/spi.h>
#include <linux/spi/spidev.h>

#define FD 9

static struct {
    long opening, setting, transferring; /* errors; 0: all is well */
    char opened[64];
    uint8_t mode, bits;
    uint32_t speed, closed;
    struct spi_ioc_transfer last;
} kernel;

static long transfer(const struct spi_ioc_transfer *one)
{
    kernel.last = *one;
    if (kernel.transferring != 0)
        return kernel.transferring;
    if (one->rx_buf != 0)
        memset((void *)(uintptr_t)one->rx_buf, 'r', one->len);
    return (long)one->len;
}

static long kernel_call(enum sys_number number, long a, long b, long c)
{
    if (number == SYS_OPENAT) {
        CHECK(strlen((const char *)b) < sizeof(kernel.opened));
        strcpy(kernel.opened, (const char *)b);
        return kernel.opening != 0 ? kernel.opening : FD;
    }
    CHECK_EQUAL(a, FD);
    if (number == SYS_CLOSE) {
        kernel.closed++;
        return 0;
    }
    CHECK(number == SYS_IOCTL);
    switch ((unsigned long)b) {
    case SPI_IOC_WR_MODE:
        kernel.mode = *(const uint8_t *)c;
        return kernel.setting;
    case SPI_IOC_WR_BITS_PER_WORD:
        kernel.bits = *(const uint8_t *)c;
        return 0;
    case SPI_IOC_WR_MAX_SPEED_HZ:
        kernel.speed = *(const uint32_t *)c;
        return 0;
    case SPI_IOC_MESSAGE(1):
        return transfer((const struct spi_ioc_transfer *)c);
    default:
        CHECK(!"a request that nobody expects");
        return -EINVAL;
    }
}

static struct spi_trouble trouble;
static const struct spi_grant grant = {.bus = 0, .chip_select = 1, .mode = 3, .speed = 500000};

static void start(void)
{
    memset(&kernel, 0, sizeof(kernel));
    memset(&spi_failures, 0, sizeof(spi_failures));
    memset(&trouble, 0, sizeof(trouble));
}

static void a_device_is_set_up_as_granted(void)
{
    start();
    CHECK_EQUAL(spi_open(3, &grant, &trouble), 0);
    CHECK_TEXT(kernel.opened, "/dev/spidev0.1");
    CHECK(kernel.mode == SPI_MODE_3 && kernel.bits == 8 && kernel.speed == 500000);
}

static void a_transfer_is_one_message_at_the_granted_speed(void)
{
    uint8_t into[5] = {0};

    start();
    CHECK_EQUAL(spi_open(3, &grant, &trouble), 0);
    CHECK(backend_spi_transfer(3, "abcd", into, 4));
    CHECK(memcmp(into, "rrrr", 5) == 0);
    CHECK(memcmp((const void *)(uintptr_t)kernel.last.tx_buf, "abcd", 4) == 0);
    CHECK(kernel.last.len == 4 && kernel.last.speed_hz == 500000);
    CHECK(kernel.last.bits_per_word == 8 && kernel.last.cs_change == 0);
    CHECK(kernel.last.delay_usecs == 0 && kernel.last.tx_nbits == 0 && kernel.last.rx_nbits == 0);
    CHECK(backend_spi_transfer(3, "abcd", NULL, 4) && kernel.last.rx_buf == 0);
    CHECK(backend_spi_transfer(3, NULL, into, 4) && kernel.last.tx_buf == 0);
}

static void a_transfer_that_fails_or_is_short_is_counted(void)
{
    uint8_t into[4];

    start();
    CHECK_EQUAL(spi_open(3, &grant, &trouble), 0);
    kernel.transferring = -EIO;
    CHECK(!backend_spi_transfer(3, "abcd", into, 4));
    kernel.transferring = 3;
    CHECK(!backend_spi_transfer(3, "abcd", into, 4));
    CHECK(spi_failures.count == 2 && spi_failures.handle == 3);
}

static void what_cannot_be_opened_is_explained_and_closed(void)
{
    start();
    kernel.opening = -EACCES;
    CHECK_EQUAL(spi_open(3, &grant, &trouble), -EACCES);
    CHECK(strstr(trouble.text, "join the group that owns it") != NULL);
    start();
    kernel.setting = -EINVAL;
    CHECK_EQUAL(spi_open(3, &grant, &trouble), -EINVAL);
    CHECK(strstr(trouble.text, "cannot do this mode or speed") != NULL);
    CHECK_EQUAL(kernel.closed, 1);
}

int main(void)
{
    a_device_is_set_up_as_granted();
    a_transfer_is_one_message_at_the_granted_speed();
    a_transfer_that_fails_or_is_short_is_counted();
    what_cannot_be_opened_is_explained_and_closed();
    return 0;
}
