/* SPDX-License-Identifier: MIT */
/* The console that all guests share. */
#include "underlay/console.h"

#include <stdarg.h>
#include <stdint.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/uart.h"
#include "backends/bcm2837/wait.h"
#include "lib/format.h"
#include "lib/string.h"
#include "underlay/beside.h"
#include "underlay/core.h"

#define SHARE      0x800   /* bytes of one guest that may wait */
#define ROOM       0x10000 /* bytes that may wait: all the guests', and as many of our own */
#define LATER      UINT64_C(1000000) /* ns until there is room again, about */

#define NAMED_LINE (GUEST_LINE + PAYLOAD_NAME + 8) /* bytes */

_Static_assert(2 * GUESTS_MAX * SHARE <= ROOM, "no guest can fill it for the others");
_Static_assert(NAMED_LINE <= SHARE, "a line fits");

static char waiting[ROOM] __attribute__((section(".own")));
static uint64_t taken, sent; /* bytes, ever */
static bool returned;        /* a carriage return was sent for the line feed that comes next */
static bool names_lines;
static uint32_t lock;

static void begin(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        ;
}

static void end(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

/* As a terminal wants it: a line feed after a carriage return. */
static void send(void)
{
    while (sent != taken) {
        const char byte = waiting[sent % ROOM];
        if (byte == '\n' && !returned) {
            if (!uart_send('\r'))
                return;
            returned = true;
        }
        if (!uart_send(byte))
            return;
        returned = false;
        sent++;
    }
}

/* Takes all of (text), or nothing: what who writes has *(told) before has to be sent. NULL: our
 * own.
 */
static bool put(uint64_t *told, const char *text, size_t size)
{
    begin();
    send();
    const bool fits = size <= ROOM - (taken - sent) && (!told || *told <= sent);
    for (size_t i = 0; fits && i < size; i++)
        waiting[taken++ % ROOM] = text[i];
    if (fits && told)
        *told = taken;
    send();
    end();
    return fits;
}

/* (size) is at most SHARE. In a guest's turn the others have theirs until there is room. */
static void put_all(struct guest *guest, const char *text, size_t size)
{
    while (!put(guest ? &guest->told : NULL, text, size)) {
        if (core_guest())
            core_wait(clock_ticks() + clock_ticks_of(LATER));
    }
    beside_hear(text, size);
    if (taken != sent && core_guest())
        core_wait(0); /* whoever runs next looks after the rest */
}

void console_name_lines(void)
{
    names_lines = true;
}

/* Makes a line of (size) bytes, at most GUEST_LINE, of somebody's; returns its size. */
static size_t name_line(char text[NAMED_LINE], const char *name, const char *line, size_t size)
{
    const size_t head = format_buffer(text, NAMED_LINE, "[%s] ", name);

    memcpy(text + head, line, size);
    text[head + size] = '\n';
    return head + size + 1;
}

static void tell_line(struct guest *guest)
{
    char text[NAMED_LINE];

    put_all(guest, text, name_line(text, guest->name, guest->line, guest->used));
    guest->used = 0;
}

void console_offer(const char *name, const char *line, size_t size)
{
    static uint64_t told;
    char text[NAMED_LINE];

    put(&told, text, name_line(text, name, line, size));
    if (taken != sent)
        core_call(core_first());
}

void console_finish(struct guest *guest)
{
    if (guest->used > 0)
        tell_line(guest);
}

void console_take(struct guest *guest, const char *text, size_t size)
{
    if (!names_lines) {
        for (; size > SHARE; text += SHARE, size -= SHARE) {
            put_all(guest, text, SHARE);
            wait_aside(0); /* however quick the line is */
        }
        put_all(guest, text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        const char byte = *(const volatile char *)&text[i];
        if (byte != '\n')
            guest->line[guest->used++] = byte;
        if (byte != '\n' && guest->used < GUEST_LINE)
            continue;
        tell_line(guest);
        if (i + 1 < size)
            wait_aside(0);
    }
}

void console_say(const char *format, ...)
{
    char text[GUEST_LINE];
    va_list args;

    va_start(args, format);
    const size_t size = format_buffer_list(text, sizeof(text), format, args);
    va_end(args);
    put_all(NULL, text, size < sizeof(text) ? size : sizeof(text) - 1);
}

bool console_send(void)
{
    if (taken == sent)
        return false;
    begin();
    send();
    const bool more = taken != sent;
    end();
    return more;
}

void console_flush(void)
{
    while (console_send())
        ;
}
