/* SPDX-License-Identifier: MIT */
/* Every call through the generated dispatch. The input: steps of 64 bytes, see struct step. */
#include "guest.h"

#include "abi_block.h"
#include "abi_clock.h"
#include "abi_console.h"
#include "abi_gpio.h"
#include "abi_halt.h"
#include "abi_i2c.h"
#include "abi_led.h"
#include "abi_net.h"
#include "abi_poll.h"
#include "abi_pwm.h"
#include "abi_spi.h"
#include "abi_switch.h"
#include "backends/fake/buses.h"
#include "backends/fake/fake.h"

#define STEPS_MAX 16

enum kind { KNOWN, ANY_NUMBER, ANY_ADDRESS, WORLD, KINDS };

struct step {
    uint8_t kind;           /* enum kind */
    uint8_t call;           /* KNOWN, ANY_ADDRESS: index into calls */
    uint16_t at;            /* of the argument block, modulo memory */
    uint8_t size;           /* bytes of (block) that are stored there first, at most all */
    uint8_t event;          /* WORLD: what happens */
    struct guest_race race; /* 16 bytes, from an offset of 8 */
    uint64_t block[5];
};

_Static_assert(sizeof(struct step) == 64, "tests/fuzz/README.md: a step");

#define WITHOUT_RESULT UINT32_MAX
#define CALL(NUMBER, args)                                                                         \
    {                                                                                              \
        NUMBER, offsetof(struct args, result)                                                      \
    }

static const struct {
    uint32_t number;
    uint32_t result; /* bytes from the start of the block */
} calls[] = {
    {CALL_CLOCK_WALLTIME, WITHOUT_RESULT},
    {CALL_CONSOLE_PUTS, WITHOUT_RESULT},
    {CALL_POLL_WAIT, WITHOUT_RESULT},
    CALL(CALL_BLOCK_WRITE, block_write_args),
    CALL(CALL_BLOCK_READ, block_read_args),
    CALL(CALL_NET_WRITE, net_write_args),
    CALL(CALL_NET_READ, net_read_args),
    {CALL_HALT_GUEST, WITHOUT_RESULT},
    CALL(CALL_SWITCH_INIT, switch_init_args),
    CALL(CALL_SWITCH_FINALIZE, switch_finalize_args),
    CALL(CALL_SWITCH_IN, switch_in_args),
    CALL(CALL_SWITCH_OUT, switch_out_args),
    CALL(CALL_SWITCH_TEST, switch_test_args),
    CALL(CALL_SWITCH_WRITE, switch_write_args),
    CALL(CALL_LED_INIT, led_init_args),
    CALL(CALL_LED_ON, led_on_args),
    CALL(CALL_LED_OFF, led_off_args),
    CALL(CALL_LED_FINALIZE, led_finalize_args),
    CALL(CALL_GPIO_ACQUIRE, gpio_acquire_args),
    CALL(CALL_GPIO_RELEASE, gpio_release_args),
    CALL(CALL_GPIO_IN, gpio_in_args),
    CALL(CALL_GPIO_OUT, gpio_out_args),
    CALL(CALL_GPIO_GET, gpio_get_args),
    CALL(CALL_GPIO_SET, gpio_set_args),
    CALL(CALL_GPIO_GET_MANY, gpio_get_many_args),
    CALL(CALL_GPIO_SET_MANY, gpio_set_many_args),
    CALL(CALL_GPIO_EVENT, gpio_event_args),
    CALL(CALL_GPIO_PAGE, gpio_page_args),
    CALL(CALL_I2C_TRANSFER, i2c_transfer_args),
    CALL(CALL_SPI_TRANSFER, spi_transfer_args),
    CALL(CALL_PWM_SET, pwm_set_args),
    CALL(CALL_PWM_ENABLE, pwm_enable_args),
    CALL(CALL_PWM_DISABLE, pwm_disable_args),
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static bool is_known(uint32_t number)
{
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].number == number)
            return true;
    }
    return false;
}

/* What happens on the board while the guest does nothing. */
static void let_happen(const struct step *step)
{
    static struct fake_edge edge;

    switch (step->event % 6) {
    case 0:
        edge = (struct fake_edge){fake_time.now, (uint32_t)step->block[0], step->block[1] & 1};
        fake_play(&edge, 1);
        fake_stimulus_apply();
        break;
    case 1:
        fake_net_give(GUEST_NET, step->block, 1 + step->block[0] % sizeof(step->block));
        break;
    case 2:
        fake_pins.failing = step->block[0] % 4;
        break;
    case 3:
        fake_disks[GUEST_DISK].failing = step->block[0] % 4;
        break;
    case 4:
        fake_i2cs[GUEST_I2C].busy = step->block[0] % 3;
        fake_spis[GUEST_SPI].failing = step->block[1] % 3;
        fake_pwms[GUEST_PWM].failing = step->block[2] % 3;
        break;
    case 5:
        fake_time.now += step->block[0] % UINT64_C(100000000);
        while (fake_net_take(GUEST_NET))
            ;
        fake_console.size = 0;
        break;
    }
}

static void call(struct host *host, const struct step *step)
{
    const size_t index = step->call % CALLS;
    const bool known = step->kind % KINDS != ANY_NUMBER;
    const uint32_t number = known ? calls[index].number : (uint32_t)step->block[4];
    const uint64_t at =
        step->kind % KINDS == ANY_ADDRESS ? step->race.value : step->at % GUEST_SIZE;
    const size_t size = step->size < sizeof(step->block) ? step->size : sizeof(step->block);

    guest_store(at, step->block, size);
    guest_watch(step->race, NULL);
    const enum call_outcome outcome = dispatch(host, number, (struct guest_addr){at});
    guest_check();
    MUST(outcome == CALL_DONE || outcome == CALL_UNKNOWN || outcome == CALL_FAULT);
    MUST((outcome == CALL_UNKNOWN) == !is_known(number));
    MUST(!host->halted || (number == CALL_HALT_GUEST && outcome == CALL_DONE));
    if (outcome != CALL_DONE || !known || calls[index].result == WITHOUT_RESULT)
        return;
    uint32_t result;
    memcpy(&result, guest_bytes + at + calls[index].result, sizeof(result));
    MUST(result <= SOLO5_R_EUNSPEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host host;
    struct input input = {data, size};
    struct step step;

    guest_start(&host);
    for (int i = 0; i < STEPS_MAX && input.left > 0 && !host.halted; i++) {
        take_bytes(&input, &step, sizeof(step));
        if (step.kind % KINDS == WORLD)
            let_happen(&step);
        else
            call(&host, &step);
    }
    return 0;
}
