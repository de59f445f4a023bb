/* SPDX-License-Identifier: MIT */
/* The underlay's console as Linux has it. Its interrupt is compare 1 of the system timer, which
 * Linux leaves alone: irq-bcm2836.c gives drivers no other line that we could raise. */
#include "underlay/linux/hvc.h"

#include <stdbool.h>

#include "backends/bcm2837/registers.h"
#include "underlay/beside.h"
#include "underlay/console.h"
#include "virtio/console.h"

#define HEARD   0x1000 /* bytes that Linux has not fetched yet; the oldest ones go first */
#define COMPARE (UINT32_C(1) << 1)
#define SOON    20 /* us */

static struct host host;
static struct virtio_console console;
static char heard[HEARD];
static uint64_t said, fetched; /* bytes of it, ever */
static bool is_raised;
static char line[GUEST_LINE];
static uint32_t used; /* of line */
static uint32_t lock;

static void begin(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        ;
}

/* The counter has to reach what it is compared with after that was written. */
static void raise(void)
{
    uint32_t moment;

    do {
        moment = read32(TIMER_COUNTER) + SOON;
        write32(TIMER_COMPARE_1, moment);
    } while ((int32_t)(read32(TIMER_COUNTER) - moment) >= 0 && !(read32(TIMER_CONTROL) & COMPARE));
}

static void end(void)
{
    const bool raises = virtio_look(&console.virtio);

    if (raises && !is_raised)
        raise();
    if (!raises && is_raised)
        write32(TIMER_CONTROL, COMPARE);
    is_raised = raises;
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void hand_over(void)
{
    while (fetched != said) {
        const uint64_t at = fetched % HEARD;
        const uint64_t left = said - fetched;
        const uint64_t some =
            virtio_console_type(&console, &heard[at], left < HEARD - at ? left : HEARD - at);
        if (some == 0)
            return;
        fetched += some;
    }
}

void hvc_prepare(uint64_t at, uint64_t size)
{
    host.memory.base = (uintptr_t)at;
    host.memory.size = size;
    host.memory.bus = at;
    hvc_forget();
}

void hvc_forget(void)
{
    begin();
    virtio_console_attach(&console, &host);
    used = 0;
    end();
}

uint32_t hvc_load(uint32_t offset, uint32_t size)
{
    begin();
    const uint32_t value = virtio_load(&console.virtio, offset, size);
    end();
    return value;
}

void hvc_store(uint32_t offset, uint32_t size, uint32_t value)
{
    begin();
    virtio_store(&console.virtio, offset, size, value);
    hand_over();
    end();
}

void beside_hear(const char *text, size_t size)
{
    if (!console.virtio.class)
        return; /* there is no Linux */
    begin();
    for (size_t i = 0; i < size; i++)
        heard[said++ % HEARD] = text[i];
    if (said - fetched > HEARD)
        fetched = said - HEARD;
    hand_over();
    end();
}

/* Under the lock, from hvc_store(). */
void beside_write(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char byte = *(const volatile char *)&text[i];
        if (byte != '\n' && byte != '\r')
            line[used++] = byte;
        if ((byte == '\n' && used > 0) || used == sizeof(line)) {
            console_offer("linux", line, used);
            used = 0;
        }
    }
}
