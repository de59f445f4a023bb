/* SPDX-License-Identifier: MIT */
/* The generated dispatch: hostile blocks, hostile buffers, and calls that go through. */
#include "check.h"

#include <string.h>

#include "abi_clock.h"
#include "abi_console.h"
#include "abi_halt.h"
#include "abi_led.h"
#include "abi_poll.h"
#include "abi_switch.h"
#include "backends/fake/fake.h"
#include "devices/gpio.h"
#include "dispatch/host.h"

static uint8_t bytes[65536] __attribute__((aligned(4096)));
static struct gpio gpio;
static struct host host;

static void start(void)
{
    fake_reset();
    memset(bytes, 0, sizeof(bytes));
    gpio = (struct gpio){.backend = &fake_pins.face};
    host = (struct host){
        .memory = {.base = (uintptr_t)bytes, .size = sizeof(bytes)},
        .gpio = &gpio,
    };
    CHECK(guest_protect(&host.memory, 0, 4096));
}

static enum call_outcome call(uint32_t number, uint64_t at)
{
    return dispatch(&host, number, (struct guest_addr){at});
}

static const uint32_t numbers[] = {
    CALL_CLOCK_WALLTIME, CALL_POLL_WAIT,  CALL_SWITCH_INIT,  CALL_SWITCH_FINALIZE,
    CALL_SWITCH_IN,      CALL_SWITCH_OUT, CALL_SWITCH_TEST,  CALL_SWITCH_WRITE,
    CALL_LED_INIT,       CALL_LED_ON,     CALL_LED_OFF,      CALL_LED_FINALIZE,
};

static void unknown_numbers_are_told_apart(void)
{
    const uint32_t unknown[] = {0, 9, 31, 32, 0x1fffff, 0x200016, 0x7ffffff, UINT32_MAX};

    start();
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        CHECK(call(unknown[i], 8192) == CALL_UNKNOWN);
}

static void blocks_outside_misaligned_or_read_only_are_faults(void)
{
    const uint64_t hostile[] = {65536, 65535, 65532, UINT64_MAX, UINT64_MAX - 3, 8193, 4095, 0};

    start();
    for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++)
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
            CHECK(call(numbers[n], hostile[i]) == CALL_FAULT);
    CHECK(call(CALL_CONSOLE_PUTS, 65536 - 16) == CALL_FAULT);
    CHECK(call(CALL_HALT_GUEST, UINT64_MAX) == CALL_FAULT);
    CHECK(!host.halted);
}

static void puts_writes_what_lies_inside_and_nothing_else(void)
{
    struct console_puts_args *args = (void *)(bytes + 8192);

    start();
    memcpy(bytes + 16384, "on\n", 3);
    *args = (struct console_puts_args){.data = 16384, .len = 3};
    CHECK(call(CALL_CONSOLE_PUTS, 8192) == CALL_DONE);
    CHECK(strcmp(fake_console.text, "on\n") == 0);
    *args = (struct console_puts_args){.data = 65530, .len = 6};
    CHECK(call(CALL_CONSOLE_PUTS, 8192) == CALL_FAULT);
    *args = (struct console_puts_args){.data = 16384, .len = UINT64_MAX};
    CHECK(call(CALL_CONSOLE_PUTS, 8192) == CALL_FAULT);
    *args = (struct console_puts_args){.data = UINT64_MAX, .len = 2};
    CHECK(call(CALL_CONSOLE_PUTS, 8192) == CALL_FAULT);
    CHECK(fake_console.size == 3);
}

static void constants_may_be_printed_from_read_only_memory(void)
{
    struct console_puts_args *args = (void *)(bytes + 8192);

    start();
    memcpy(bytes + 16, "text", 4);
    *args = (struct console_puts_args){.data = 16, .len = 4};
    CHECK(call(CALL_CONSOLE_PUTS, 8192) == CALL_DONE);
    CHECK(strcmp(fake_console.text, "text") == 0);
}

static void walltime_is_copied_out(void)
{
    struct clock_walltime_args *args = (void *)(bytes + 8192);

    start();
    fake_time.wall = 1234567890;
    CHECK(call(CALL_CLOCK_WALLTIME, 8192) == CALL_DONE);
    CHECK(args->ns == 1234567890);
}

static void poll_lets_time_pass(void)
{
    struct poll_wait_args *args = (void *)(bytes + 8192);

    start();
    *args = (struct poll_wait_args){.timeout = 5000, .ready = 77, .count = 9};
    CHECK(call(CALL_POLL_WAIT, 8192) == CALL_DONE);
    CHECK(args->ready == 0 && args->count == 0);
    CHECK(fake_time.now == 5000);
}

static void halt_ends_the_guest_and_checks_its_cookie(void)
{
    struct halt_guest_args *args = (void *)(bytes + 8192);

    start();
    *args = (struct halt_guest_args){.cookie = 65536 - 512, .status = 7};
    CHECK(call(CALL_HALT_GUEST, 8192) == CALL_FAULT);
    CHECK(!host.halted);
    *args = (struct halt_guest_args){.cookie = 65536 - 513, .status = 7};
    CHECK(call(CALL_HALT_GUEST, 8192) == CALL_DONE);
    CHECK(host.halted && host.status == 7);
}

static void a_switch_goes_through_all_its_calls(void)
{
    struct switch_test_args *test = (void *)(bytes + 8192);
    struct switch_write_args *write = (void *)(bytes + 8192);

    start();
    CHECK(gpio_grant(&gpio, 17, MFT_LINE_IN | MFT_LINE_OUT));
    *test = (struct switch_test_args){.pin = 17, .result = 99};
    CHECK(call(CALL_SWITCH_INIT, 8192) == CALL_DONE);
    CHECK(test->value == SOLO5_R_OK); /* init's block is {pin, result} */
    CHECK(call(CALL_SWITCH_IN, 8192) == CALL_DONE);
    fake_pins.high[17] = true;
    CHECK(call(CALL_SWITCH_TEST, 8192) == CALL_DONE);
    CHECK(test->value == 1 && test->result == SOLO5_R_OK);
    CHECK(call(CALL_SWITCH_OUT, 8192) == CALL_DONE);
    *write = (struct switch_write_args){.pin = 17, .value = 1, .result = 99};
    CHECK(call(CALL_SWITCH_WRITE, 8192) == CALL_DONE);
    CHECK(write->result == SOLO5_R_OK && fake_pins.high[17]);
}

static void a_limit_answers_einval_before_the_handler(void)
{
    struct switch_write_args *args = (void *)(bytes + 8192);

    start();
    *args = (struct switch_write_args){.pin = 3, .value = 2, .result = 99};
    CHECK(call(CALL_SWITCH_WRITE, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_EINVAL);
    CHECK(gpio.refused == 0);
}

static void a_led_needs_an_output(void)
{
    struct led_init_args *args = (void *)(bytes + 8192);

    start();
    CHECK(gpio_grant(&gpio, 17, MFT_LINE_IN));
    CHECK(gpio_grant(&gpio, 18, MFT_LINE_OUT));
    *args = (struct led_init_args){.pin = 17};
    CHECK(call(CALL_LED_INIT, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_EINVAL && gpio.lines[17].state == GPIO_GRANTED);
    args->pin = 18;
    CHECK(call(CALL_LED_ON, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_EINVAL);
    CHECK(call(CALL_LED_INIT, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_OK);
    CHECK(call(CALL_LED_ON, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_OK && fake_pins.high[18]);
    CHECK(call(CALL_LED_FINALIZE, 8192) == CALL_DONE);
    CHECK(args->result == SOLO5_R_OK && !fake_pins.high[18] && !fake_pins.output[18]);
}

int main(void)
{
    unknown_numbers_are_told_apart();
    blocks_outside_misaligned_or_read_only_are_faults();
    puts_writes_what_lies_inside_and_nothing_else();
    constants_may_be_printed_from_read_only_memory();
    walltime_is_copied_out();
    poll_lets_time_pass();
    halt_ends_the_guest_and_checks_its_cookie();
    a_switch_goes_through_all_its_calls();
    a_limit_answers_einval_before_the_handler();
    a_led_needs_an_output();
    return 0;
}
