/* SPDX-License-Identifier: MIT */
/* The same lines by calls and by virtio, and what a level costs either way. "count=N" then tells N
 * edges of its button, which it answers on its lamp, by virtio; "beyond" reads behind the device.
 */
#include <solo5_gpio.h>

#include "../expect.h"
#include "abi/call.h"
#include "guest/virtio/gpio.h"
#include "lib/string.h"

#define ROUNDS 1000
#define BUTTON 17
#define LAMP   22
#define DENIED 4

static solo5_handle_t lamp;

static uint64_t number(const char *text)
{
    uint64_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

static void agree(void)
{
    bool active;

    EXPECT(virtio_gpio_lines() > LAMP);
    EXPECT(virtio_gpio_direct(LAMP, VIRTIO_OUT));
    EXPECT(solo5_gpio_set(lamp, 1) == SOLO5_R_OK);
    EXPECT(virtio_gpio_get(LAMP, &active) && active);
    EXPECT(virtio_gpio_set(LAMP, false));
    EXPECT(virtio_gpio_get(LAMP, &active) && !active);
    EXPECT(virtio_gpio_direct(BUTTON, VIRTIO_IN));
    EXPECT(virtio_gpio_get(BUTTON, &active));
    EXPECT(!virtio_gpio_direct(BUTTON, VIRTIO_OUT));
    EXPECT(!virtio_gpio_direct(DENIED, VIRTIO_OUT));
    EXPECT(!virtio_gpio_set(DENIED, true));
    EXPECT(!virtio_gpio_set(UINT16_MAX, true));
}

/* In nanoseconds, which are instructions where -icount counts. */
static void measure(void)
{
    solo5_time_t start = solo5_clock_monotonic();

    for (uint32_t i = 0; i < ROUNDS; i++)
        EXPECT(solo5_gpio_set(lamp, i & 1) == SOLO5_R_OK);
    const solo5_time_t by_call = solo5_clock_monotonic() - start;
    start = solo5_clock_monotonic();
    for (uint32_t i = 0; i < ROUNDS; i++)
        EXPECT(virtio_gpio_set(LAMP, i & 1));
    const solo5_time_t by_virtio = solo5_clock_monotonic() - start;
    say("a level by call %lu ns, by virtio %lu ns\n", by_call / ROUNDS, by_virtio / ROUNDS);
}

static void count(uint64_t edges)
{
    EXPECT(virtio_gpio_set(LAMP, false));
    EXPECT(virtio_gpio_watch(BUTTON, VIRTIO_BOTH));
    say("ready\n");
    for (uint64_t seen = 0; seen < edges;) {
        if (virtio_gpio_edge())
            EXPECT(virtio_gpio_set(LAMP, ++seen % 2));
    }
    EXPECT(virtio_gpio_watch(BUTTON, VIRTIO_QUIET));
    say("counted %lu\n", edges);
}

static void read_beyond(void)
{
    const volatile uint32_t *const at = (const volatile uint32_t *)(HVT_VIRTIO_WINDOW + 0x200);

    (void)*at;
    expect_not_reached("a load behind the device");
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static const char counted[] = "count=";
    solo5_time_t period;
    uint32_t properties;

    EXPECT(solo5_gpio_acquire("lamp", &lamp, &period, &properties) == SOLO5_R_OK);
    EXPECT(virtio_gpio_begin());
    agree();
    measure();
    if (strncmp(info->cmdline, counted, sizeof(counted) - 1) == 0)
        count(number(info->cmdline + sizeof(counted) - 1));
    if (strcmp(info->cmdline, "beyond") == 0)
        read_beyond();
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
