/* SPDX-License-Identifier: MIT */
/* The serial line. The port has room for 16 bytes, which is 50 us at 3 Mbaud: what comes while a
 * block is unpacked is taken by interrupts. Else it is looked for, which is quicker in QEMU. */
#include "loader/line.h"

#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/uart.h"
#include "loader/frame.h"
#include "loader/protocol.h"

#define ROOM 0x10000

_Static_assert(ROOM > LOADER_WINDOW * FRAME_LINE_MAX, "what may be under way fits");

static volatile uint8_t came[ROOM];
static volatile uint32_t put, taken; /* bytes, modulo 2^32 */
static uint32_t clock_hz;

/* Takes what the port has. */
static void fetch(void)
{
    uint8_t byte;

    while (uart_receive(&byte)) {
        if (put - taken == ROOM)
            continue; /* more than was agreed upon is lost, and asked for again */
        came[put % ROOM] = byte;
        put = put + 1;
    }
}

void line_by_interrupts(bool on)
{
    if (on)
        __asm__ volatile("msr daifclr, #2" ::: "memory");
    else
        __asm__ volatile("msr daifset, #2" ::: "memory");
}

static void listen(bool on)
{
    uart_interrupt(on);
    write32(on ? IRQS_ENABLE_2 : IRQS_DISABLE_2, UART_INTERRUPT);
    /* Off, and not rung any more: a reset of QEMU's board turns it off only, while it may ring. */
    WRITE_REGISTER(cntp_cval_el0, UINT64_MAX);
    WRITE_REGISTER(cntp_ctl_el0, 1);
    __asm__ volatile("isb" ::: "memory");
    WRITE_REGISTER(cntp_ctl_el0, 0);
    write32(CORE_TIMERS(0), on ? UINT32_C(1) << PHYSICAL_TIMER : 0);
}

void line_begin(uint32_t hz)
{
    clock_hz = hz;
    uart_prepare();
    uart_set_baud(hz, LOADER_BAUD);
    listen(true);
}

void line_end(void)
{
    uart_drain();
    listen(false);
    uart_set_baud(clock_hz, LOADER_BAUD);
}

bool line_take(uint8_t *byte)
{
    if (taken == put)
        fetch();
    if (taken == put)
        return false;
    *byte = came[taken % ROOM];
    taken = taken + 1;
    return true;
}

void line_send(const void *bytes, size_t size)
{
    for (const char *at = bytes; size > 0; at++, size--) {
        while (!uart_send(*at))
            ;
    }
}

void line_change(uint32_t baud)
{
    uart_drain();
    uart_set_baud(clock_hz, baud);
}

void line_sleep(uint64_t ticks)
{
    WRITE_REGISTER(cntp_cval_el0, ticks);
    WRITE_REGISTER(cntp_ctl_el0, 1);
    __asm__ volatile("dsb sy\n\twfi" ::: "memory");
    WRITE_REGISTER(cntp_ctl_el0, 0);
}

void line_interrupt(void)
{
    uart_forget_interrupts();
    fetch();
}
