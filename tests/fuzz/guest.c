/* SPDX-License-Identifier: MIT */
/* A hostile guest on a board made of memory, and what must hold whatever it does. */
#include "guest.h"

#include <sanitizer/asan_interface.h>

#include "abi/manifest.h"
#include "backends/fake/buses.h"
#include "backends/fake/fake.h"
#include "backends/i2c.h"
#include "backends/spi.h"
#include "backends/block.h"
#include "backends/console.h"
#include "backends/net.h"
#include "backends/poll.h"
#include "devices/gpio.h"

#define RED_ZONE   0x4000 /* bytes */
#define DISK_SIZE  2048   /* bytes that are granted */
#define DISK_MORE  512    /* bytes behind them, which are not */
#define GRANTS_MAX 0x8000 /* pointers that one call may ask for */
#define POLLS_MAX  16     /* sleeps of one call before a device gets ready */
#define LINE_IN    4
#define LINE_OUT   17
#define PERIOD_MIN 1000 /* ns */
#define PERIOD_MAX 100000
#define DUTY_MAX   50000

struct grant {
    const uint8_t *at;
    uint64_t size;
    bool out;
};

static uint8_t space[2 * RED_ZONE + GUEST_SIZE] __attribute__((aligned(4096)));
static uint8_t before[GUEST_SIZE];
static uint8_t disk[DISK_SIZE + DISK_MORE];
static struct gpio gpio;
static struct grant grants[GRANTS_MAX];
static uint32_t granted, polls;
static struct guest_race race;
static void (*race_more)(void);
static union {
    struct mft mft;
    uint8_t bytes[sizeof(struct mft) + GUEST_ENTRIES * sizeof(struct mft_entry)];
} manifest;

uint8_t *const guest_bytes = space + RED_ZONE;

static void attach(uint32_t at, const char *name, uint32_t type)
{
    manifest.mft.e[at] = (struct mft_entry){.type = type, .attached = 1};
    strcpy(manifest.mft.e[at].name, name);
}

static void make_manifest(void)
{
    manifest.mft = (struct mft){.version = MFT_VERSION, .entries = GUEST_ENTRIES};
    manifest.mft.e[0] = (struct mft_entry){.type = MFT_RESERVED_FIRST};
    attach(GUEST_DISK, "disk", MFT_BLOCK_BASIC);
    manifest.mft.e[GUEST_DISK].u.block.capacity = DISK_SIZE;
    manifest.mft.e[GUEST_DISK].u.block.block_size = 512;
    attach(GUEST_NET, "net", MFT_NET_BASIC);
    attach(GUEST_INPUT, "in", MFT_LINE);
    manifest.mft.e[GUEST_INPUT].u.line.line = LINE_IN;
    attach(GUEST_OUTPUT, "out", MFT_LINE);
    manifest.mft.e[GUEST_OUTPUT].u.line.line = LINE_OUT;
    attach(GUEST_I2C, "i2c", MFT_I2C);
    attach(GUEST_SPI, "spi", MFT_SPI);
    attach(GUEST_PWM, "pwm", MFT_PWM);
    manifest.mft.e[GUEST_PWM].u.pwm = (struct mft_pwm){0, 0, 0, PERIOD_MIN, PERIOD_MAX, DUTY_MAX};
    attach(GUEST_DENIED, "denied", MFT_I2C);
    manifest.mft.e[GUEST_DENIED].attached = 0;
}

/* As fake_reset() does, without its hundreds of kilobytes. */
static void reset_board(void)
{
    static bool done;

    if (!done) {
        fake_reset();
        ASAN_POISON_MEMORY_REGION(space, RED_ZONE);
        ASAN_POISON_MEMORY_REGION(guest_bytes + GUEST_SIZE, RED_ZONE);
        done = true;
    }
    memset(fake_pins.high, 0, sizeof(fake_pins.high));
    memset(fake_pins.output, 0, sizeof(fake_pins.output));
    memset(fake_pins.rising, 0, sizeof(fake_pins.rising));
    memset(fake_pins.falling, 0, sizeof(fake_pins.falling));
    memset(fake_pins.lost, 0, sizeof(fake_pins.lost));
    fake_pins.failing = 0;
    fake_pins.edge_count = fake_pins.logged = fake_pins.stimuli_left = 0;
    fake_console.size = 0;
    fake_time = (struct fake_time){.wall = 1};
    fake_ready = 0;
    fake_nets[GUEST_NET].sent.count = fake_nets[GUEST_NET].waiting.count = 0;
    memset(disk, 0xd1, sizeof(disk));
    fake_disks[GUEST_DISK] = (struct fake_disk){.bytes = disk, .size = sizeof(disk)};
    for (uint32_t i = 0; i < FAKE_BUS_DEVICES; i++) {
        fake_i2cs[i].present = fake_spis[i].present = fake_pwms[i].present = true;
        fake_i2cs[i].transfers = fake_i2cs[i].busy = fake_i2cs[i].failing = 0;
        fake_spis[i].sent_size = fake_spis[i].failing = 0;
        fake_pwms[i] = (struct fake_pwm){.present = true};
    }
}

void guest_start(struct host *host)
{
    reset_board();
    make_manifest();
    for (uint32_t i = 0; i < GPIO_LINES; i++) {
        struct gpio_line *line = &gpio.lines[i];
        line->state = GPIO_DENIED;
        line->flags = line->first = line->count = 0;
        line->sequence = line->delivered = 0;
    }
    gpio.backend = &fake_pins.face;
    gpio.edges = GPIO_EDGES_UNPROVEN;
    gpio.period = gpio.page = gpio.refused = gpio.watched = gpio.unread = gpio.high = 0;
    memset(gpio.acquired, 0, sizeof(gpio.acquired));
    gpio.doubt = gpio.inputs = gpio.outputs = gpio.inverted = 0;
    memset(guest_bytes, 0x5a, GUEST_SIZE);
    memset(before, 0x5a, GUEST_SIZE);
    *host = (struct host){
        .memory = {.base = (uintptr_t)guest_bytes, .size = GUEST_SIZE},
        .manifest = &manifest.mft,
    };
    MUST(guest_protect(&host->memory, 0, GUEST_READONLY));
    gpio_attach(&gpio, host);
    MUST(gpio_grant(&gpio, LINE_IN, MFT_LINE_IN | MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING));
    MUST(gpio_grant(&gpio, LINE_OUT, MFT_LINE_OUT | MFT_LINE_ACTIVE_LOW));
}

void guest_store(uint64_t at, const void *from, size_t size)
{
    if (at >= GUEST_SIZE)
        return;
    if (size > GUEST_SIZE - at)
        size = (size_t)(GUEST_SIZE - at);
    memcpy(guest_bytes + at, from, size);
    memcpy(before + at, from, size);
}

/* The moments at which the other core stores. */
static void other_core(void)
{
    if (race_more)
        race_more();
    if (race.skip > 0) {
        race.skip--;
        return;
    }
    if (race.times == 0)
        return;
    race.times--;
    const size_t at = GUEST_READONLY + race.at % (GUEST_SIZE - GUEST_READONLY) /
                                           sizeof(race.value) * sizeof(race.value);
    guest_store(at, &race.value, sizeof(race.value));
}

/* What the door gave lies within memory, as the numbers say without wrapping round. */
static void note_grant(const void *at, uint64_t size, bool out)
{
    const uint64_t start = (uint64_t)((const uint8_t *)at - guest_bytes);

    MUST(!at || (start < GUEST_SIZE && size < GUEST_SIZE - start));
    MUST(!at || !out || start >= GUEST_READONLY);
    if (at && granted < GRANTS_MAX)
        grants[granted++] = (struct grant){at, size, out};
}

/* The door, with another core behind it. */
const void *__real_guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                            uint64_t align);
const void *__wrap_guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                            uint64_t align);
const void *__wrap_guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                            uint64_t align)
{
    const void *given = __real_guest_in(memory, at, size, align);

    note_grant(given, size, false);
    other_core();
    return given;
}

void *__real_guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                       uint64_t align);
void *__wrap_guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                       uint64_t align);
void *__wrap_guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                       uint64_t align)
{
    void *given = __real_guest_out(memory, at, size, align);

    note_grant(given, size, true);
    other_core();
    return given;
}

void __real_guest_copy(void *to, const void *from, uint64_t size);
void __wrap_guest_copy(void *to, const void *from, uint64_t size);
void __wrap_guest_copy(void *to, const void *from, uint64_t size)
{
    __real_guest_copy(to, from, size);
    other_core();
}

/* Whether all of it is what the door gave in this call, for that use. */
static bool was_given(const void *at, uint64_t size, bool out)
{
    const uint8_t *first = at;

    if (size == 0)
        return true;
    for (uint32_t i = 0; i < granted; i++) {
        const struct grant *it = &grants[i];
        if (it->out >= out && first >= it->at && size <= it->size &&
            (uint64_t)(first - it->at) <= it->size - size)
            return true;
    }
    return false;
}

static bool is_on_disk(uint32_t handle, uint64_t size, uint64_t offset)
{
    return handle == GUEST_DISK && offset <= DISK_SIZE && size <= DISK_SIZE - offset;
}

/* Each backend that is given a buffer: checked, then the real one. */
#define WATCHED(type, name, parameters, arguments, check)                                          \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        MUST(check);                                                                               \
        return __real_##name arguments;                                                            \
    }

WATCHED(void, backend_console_write, (const char *data, size_t size), (data, size),
        was_given(data, size, false))
WATCHED(bool, backend_block_read, (uint32_t handle, void *to, uint64_t size, uint64_t offset),
        (handle, to, size, offset), is_on_disk(handle, size, offset) && was_given(to, size, true))
WATCHED(bool, backend_block_write,
        (uint32_t handle, const void *from, uint64_t size, uint64_t offset),
        (handle, from, size, offset),
        is_on_disk(handle, size, offset) && was_given(from, size, false))
WATCHED(solo5_result_t, backend_net_read, (uint32_t handle, void *to, uint64_t *size),
        (handle, to, size), handle == GUEST_NET && was_given(to, *size, true))
WATCHED(solo5_result_t, backend_net_write, (uint32_t handle, const void *frame, uint64_t size),
        (handle, frame, size), handle == GUEST_NET && was_given(frame, size, false))
WATCHED(solo5_result_t, backend_i2c_transfer,
        (uint32_t handle, const void *out, uint32_t out_size, void *in, uint32_t in_size),
        (handle, out, out_size, in, in_size),
        handle == GUEST_I2C && was_given(out, out_size, false) && was_given(in, in_size, true))
WATCHED(bool, backend_spi_transfer, (uint32_t handle, const void *out, void *in, uint32_t size),
        (handle, out, in, size),
        handle == GUEST_SPI && (!out || was_given(out, size, false)) &&
            (!in || was_given(in, size, true)))

/* A guest that waits for ever waits until the sixteenth sleep. */
int32_t __real_backend_poll(uint64_t timeout, uint64_t *ready);
int32_t __wrap_backend_poll(uint64_t timeout, uint64_t *ready);
int32_t __wrap_backend_poll(uint64_t timeout, uint64_t *ready)
{
    const uint64_t kept = fake_ready;

    if (++polls >= POLLS_MAX)
        fake_ready |= 1;
    const int32_t count = __real_backend_poll(timeout, ready);
    fake_ready = kept;
    return count;
}

void guest_watch(struct guest_race other, void (*more)(void))
{
    race = other;
    race_more = more;
    granted = polls = 0;
    fake_pins.logged = 0;
}

static void check_devices(void)
{
    for (uint32_t i = 0; i < FAKE_LINES; i++)
        MUST(!fake_pins.output[i] || i == LINE_OUT);
    for (size_t i = 0; i < fake_pins.logged; i++)
        MUST(fake_pins.log[i].line == LINE_OUT);
    for (uint32_t i = 0; i < FAKE_BUS_DEVICES; i++)
        MUST(fake_pwms[i].settings == 0 || i == GUEST_PWM);
    const struct fake_pwm *pwm = &fake_pwms[GUEST_PWM];
    MUST(pwm->settings == 0 || (pwm->period >= PERIOD_MIN && pwm->period <= PERIOD_MAX));
    MUST(pwm->duty <= pwm->period && pwm->duty <= DUTY_MAX);
    for (size_t i = DISK_SIZE; i < sizeof(disk); i++)
        MUST(disk[i] == 0xd1);
}

void guest_check(void)
{
    MUST(granted < GRANTS_MAX);
    for (uint32_t i = 0; i < granted; i++) {
        const size_t at = (size_t)(grants[i].at - guest_bytes);
        if (grants[i].out)
            memcpy(before + at, grants[i].at, (size_t)grants[i].size);
    }
    MUST(memcmp(before, guest_bytes, GUEST_SIZE) == 0);
    check_devices();
}
