/* SPDX-License-Identifier: MIT */
/* Asking the firmware on the GPU: Linux bcm2835-mailbox.c, raspberrypi.c. */
#include "backends/bcm2837/mailbox.h"

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/registers.h"

#define FULL     (UINT32_C(1) << 31)  /* in a status: nothing can be written */
#define EMPTY    (UINT32_C(1) << 30)  /* nothing can be read */
#define CHANNEL  8                    /* properties, asked by the cores */
#define UNCACHED UINT32_C(0xc0000000) /* the GPU's own alias of memory */
#define ANSWERED (UINT32_C(1) << 31)  /* in the message's code: all of it; in a tag's size: it */
#define PATIENCE UINT64_C(100000000)  /* ns */

/* The GPU is told where the message is by all but the lowest four bits. The rest of its lines of
 * the caches is nobody's. */
static struct {
    uint32_t size, code, tag, room, length, values[MAILBOX_VALUES], end;
    uint32_t unused[2];
} message __attribute__((aligned(64)));

_Static_assert(sizeof(message) == 64, "one line of a cache");

/* Has memory and this core's caches hold the same of the message. */
static void publish(void)
{
    __asm__ volatile("dsb sy\n\tdc civac, %0\n\tdsb sy" ::"r"(&message) : "memory");
}

static bool await(uint64_t status, uint32_t flag)
{
    const uint64_t end = clock_ticks() + clock_ticks_of(PATIENCE);

    while (read32(status) & flag) {
        if (clock_ticks() >= end)
            return false;
    }
    return true;
}

static bool exchange(void)
{
    const uint32_t word = ((uint32_t)(uintptr_t)&message | UNCACHED) | CHANNEL;

    publish();
    if (!await(MAILBOX_FULL, FULL))
        return false;
    write32(MAILBOX_WRITE, word);
    do { /* what others asked for, before us, is not ours */
        if (!await(MAILBOX_STATUS, EMPTY))
            return false;
    } while (read32(MAILBOX_READ) != word);
    publish();
    return message.code == ANSWERED;
}

bool mailbox_ask(enum mailbox_tag tag, uint32_t *values, uint32_t count)
{
    message.size = sizeof(message);
    message.code = 0;
    message.tag = tag;
    message.room = sizeof(message.values);
    message.length = 0;
    message.end = 0;
    for (uint32_t i = 0; i < MAILBOX_VALUES; i++)
        message.values[i] = i < count ? values[i] : 0;
    if (!exchange() || !(message.length & ANSWERED))
        return false;
    for (uint32_t i = 0; i < count; i++)
        values[i] = message.values[i];
    return true;
}

uint32_t mailbox_clock_rate(enum mailbox_clock clock)
{
    uint32_t values[2] = {clock, 0};

    return mailbox_ask(MAILBOX_CLOCK_RATE, values, 2) ? values[1] : 0;
}

uint32_t mailbox_set_clock_rate(enum mailbox_clock clock, uint32_t hz)
{
    uint32_t values[3] = {clock, hz, 0};

    return mailbox_ask(MAILBOX_SET_CLOCK_RATE, values, 3) ? values[1] : 0;
}
