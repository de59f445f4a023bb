/* SPDX-License-Identifier: MIT */
/* The console that all guests share. */
#include "underlay/console.h"

#include <stdarg.h>
#include <stdint.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/uart.h"
#include "backends/console.h"
#include "lib/format.h"
#include "lib/string.h"
#include "underlay/core.h"

#define ROOM 0x10000            /* bytes that wait, a power of two */
#define LATER UINT64_C(1000000) /* ns until there is room again, about */

static char waiting[ROOM] __attribute__((section(".own")));
static uint32_t taken, sent; /* bytes, ever */
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

/* Takes all of (text), or nothing if there is no room. */
static bool put(const char *text, size_t size)
{
    begin();
    send();
    const bool fits = size <= ROOM - (taken - sent);
    for (size_t i = 0; fits && i < size; i++)
        waiting[taken++ % ROOM] = text[i];
    send();
    end();
    return fits;
}

/* (size) is at most ROOM. In a guest's turn the others have theirs until there is room. */
static void put_all(const char *text, size_t size)
{
    while (!put(text, size)) {
        if (core_guest())
            core_wait(clock_ticks() + clock_ticks_of(LATER));
    }
    if (taken != sent && core_guest())
        core_wait(0); /* whoever runs next looks after the rest */
}

void console_name_lines(void)
{
    names_lines = true;
}

static void tell_line(struct guest *guest)
{
    char text[GUEST_LINE + PAYLOAD_NAME + 8];
    const size_t head = format_buffer(text, sizeof(text), "[%s] ", guest->name);

    memcpy(text + head, guest->line, guest->used);
    text[head + guest->used] = '\n';
    put_all(text, head + guest->used + 1);
    guest->used = 0;
}

void console_finish(struct guest *guest)
{
    if (guest->used > 0)
        tell_line(guest);
}

void console_take(struct guest *guest, const char *text, size_t size)
{
    if (!names_lines) {
        for (; size > ROOM / 2; text += ROOM / 2, size -= ROOM / 2)
            put_all(text, ROOM / 2);
        put_all(text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        const char byte = *(const volatile char *)&text[i];
        if (byte != '\n')
            guest->line[guest->used++] = byte;
        if (byte == '\n' || guest->used == GUEST_LINE)
            tell_line(guest);
    }
}

void backend_console_write(const char *data, size_t size)
{
    console_take(core_guest(), data, size);
}

void console_say(const char *format, ...)
{
    char text[GUEST_LINE];
    va_list args;

    va_start(args, format);
    const size_t size = format_buffer_list(text, sizeof(text), format, args);
    va_end(args);
    put_all(text, size < sizeof(text) ? size : sizeof(text) - 1);
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
