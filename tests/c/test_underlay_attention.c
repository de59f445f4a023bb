/* SPDX-License-Identifier: MIT */
/* Who calls for the loader, among all that comes over the serial port. */
#include "underlay/attention.h"

#include <setjmp.h>

#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/power.h"
#include "backends/bcm2837/uart.h"
#include "check.h"
#include "loader/protocol.h"

#define PERIOD UINT64_C(20000000)

static const char *coming;
static size_t left;
static uint64_t now;
static jmp_buf at_reset;

bool uart_receive(uint8_t *byte)
{
    if (left == 0)
        return false;
    *byte = (uint8_t)*coming++;
    left--;
    return true;
}

void uart_say(const char *text)
{
    (void)text;
}

void uart_drain(void)
{
}

void power_end(bool boots_again)
{
    CHECK(boots_again);
    longjmp(at_reset, 1);
}

uint64_t clock_ticks_of(uint64_t ns)
{
    return ns;
}

/* Whether the board is reset by (size) bytes of (text). */
static bool resets(const char *text, size_t size)
{
    static volatile bool is_reset;

    coming = text;
    left = size;
    is_reset = true;
    if (setjmp(at_reset) == 0) {
        now += PERIOD;
        CHECK_EQUAL(attention_look(now), now + PERIOD);
        is_reset = false;
    }
    now += PERIOD; /* a board that is not reset after all, for the next one */
    attention_look(now);
    return is_reset;
}

#define RESETS(text) resets(text, sizeof(text) - 1)

static void the_call_resets(void)
{
    CHECK(RESETS(LOADER_ATTENTION));
    CHECK(!RESETS("x")); /* after the call, which was one byte too long for its place */
    CHECK(RESETS("noise" LOADER_ATTENTION));
    CHECK(!RESETS("x"));
    CHECK(RESETS("\0\0\0" LOADER_ATTENTION));
    CHECK(!RESETS("x"));
    CHECK(RESETS("\0RPKIT" LOADER_ATTENTION));
    CHECK(!RESETS("x"));
}

static void nothing_else_does(void)
{
    CHECK(!RESETS(""));
    CHECK(!RESETS("RPKIT-LOADER\0"));
    CHECK(!RESETS("x"));
    CHECK(!RESETS("\0RPKIT-LOADER"));
    CHECK(!RESETS("R\0"));
    CHECK(!RESETS("\0rpkit-loader\0"));
    CHECK(!RESETS("\0RPKIT-\0LOADER\0"));
}

static void it_may_come_in_pieces(void)
{
    CHECK(!RESETS("x"));
    CHECK(!RESETS("\0RPK"));
    CHECK(!RESETS("IT-LOADER"));
    CHECK(RESETS("\0"));
}

static void it_is_looked_for_now_and_then(void)
{
    coming = "abc";
    left = 3;
    now += PERIOD;
    attention_look(now);
    CHECK_EQUAL(left, 0);
    left = 1;
    CHECK_EQUAL(attention_look(now + PERIOD - 1), now + PERIOD);
    CHECK_EQUAL(left, 1);
}

static void who_began_it_is_known(void)
{
    CHECK(!attention_is_awaited());
    attention_begin(0x100);
    CHECK(!attention_is_awaited());
    attention_begin(LOADER_MAGIC);
    CHECK(attention_is_awaited());
}

int main(void)
{
    the_call_resets();
    nothing_else_does();
    it_may_come_in_pieces();
    it_is_looked_for_now_and_then();
    who_began_it_is_known();
    return 0;
}
