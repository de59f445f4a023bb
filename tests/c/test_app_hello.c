/* SPDX-License-Identifier: MIT */
/* The application hello, and what the bindings say around it, on the fake board. */
#include "backends/fake/fake.h"
#include "check.h"
#include "devices/gpio.h"
#include "tender/loop/run.h"

static struct gpio gpio;
static struct host host;

static int run(const char *cmdline)
{
    fake_reset();
    gpio = (struct gpio){.backend = &fake_pins.face};
    host = (struct host){.gpio = &gpio};
    return loop_run(&host, loop_start, cmdline, 0x100000);
}

static void says_hello_and_the_command_line(void)
{
    CHECK_EQUAL(run("--solo5:quiet one two"), 0);
    CHECK_TEXT(fake_console.text, "Hello, World\nCommand line: 'one two'\nSUCCESS\n");
}

static void the_bindings_say_start_and_end(void)
{
    CHECK_EQUAL(run(""), 0);
    CHECK(strncmp(fake_console.text, "Solo5: rpikit ", 14) == 0);
    CHECK(strstr(fake_console.text, "\nSolo5: solo5_exit(0) called\n") != NULL);
}

static void quiet_ends_with_the_run(void)
{
    CHECK_EQUAL(run("--solo5:quiet"), 0);
    CHECK_EQUAL(run(""), 0);
    CHECK(strstr(fake_console.text, "Solo5:") != NULL);
}

static void sleeps_a_millisecond(void)
{
    CHECK_EQUAL(run(""), 0);
    CHECK_EQUAL(fake_time.now, 1000000);
}

int main(void)
{
    says_hello_and_the_command_line();
    the_bindings_say_start_and_end();
    quiet_ends_with_the_run();
    sleeps_a_millisecond();
    return 0;
}
