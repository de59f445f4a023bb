/* SPDX-License-Identifier: MIT */
/* Lines by name, several at once, and their edges: reported, sampled, lost. */
#include "check.h"

#include "backends/fake/fake.h"
#include "devices/gpio.h"
#include "host_gpio.h"
#include "host_poll.h"

#define BUTTON 17
#define SECOND 18
#define LAMP   25
#define MS     UINT64_C(1000000)
#define BOTH   (MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING)

static struct gpio gpio;
static struct host host;

static union {
    struct mft table;
    uint8_t bytes[sizeof(struct mft) + 5 * sizeof(struct mft_entry)];
} manifest;

static void declare(uint32_t handle, const char *name, uint32_t line, uint32_t flags)
{
    struct mft_entry *entry = &manifest.table.e[handle];

    memset(entry, 0, sizeof(*entry));
    strcpy(entry->name, name);
    entry->type = MFT_LINE;
    entry->u.line = (struct mft_line){.line = line, .flags = flags};
    entry->attached = 1;
    CHECK(gpio_grant(&gpio, line, flags));
}

/* Handles 1, 2 and 3; entry 4 is declared and was not granted. */
static void start(uint32_t button_flags)
{
    fake_reset();
    memset(&manifest, 0, sizeof(manifest));
    memset(&gpio, 0, sizeof(gpio));
    gpio.backend = &fake_pins.face;
    host = (struct host){.manifest = &manifest.table};
    gpio_attach(&gpio, &host);
    manifest.table.version = MFT_VERSION;
    manifest.table.entries = 5;
    manifest.table.e[0].type = MFT_RESERVED_FIRST;
    declare(1, "button", BUTTON, MFT_LINE_IN | button_flags);
    declare(2, "second", SECOND, MFT_LINE_IN | MFT_LINE_OUT | BOTH);
    declare(3, "lamp", LAMP, MFT_LINE_OUT | MFT_LINE_ACTIVE_LOW);
    strcpy(manifest.table.e[4].name, "foreign");
    manifest.table.e[4].type = MFT_LINE;
    manifest.table.e[4].u.line.line = 5;
}

static solo5_handle_t take(const char *name)
{
    solo5_handle_t handle = 0;
    solo5_time_t period;
    uint32_t properties;

    CHECK(gpio_acquire(&host, name, strlen(name), &handle, &period, &properties) == SOLO5_R_OK);
    return handle;
}

static uint64_t wait_for(uint64_t timeout)
{
    uint64_t ready = 0;
    const int32_t count = poll_wait(&host, timeout, &ready);

    CHECK_EQUAL(count, __builtin_popcountll(ready));
    return ready;
}

struct event {
    solo5_result_t result;
    solo5_time_t when;
    uint64_t sequence;
    uint32_t lost, edge;
};

static struct event next(solo5_handle_t handle)
{
    struct event it = {.result = SOLO5_R_OK};

    it.result = gpio_event(&host, handle, &it.when, &it.sequence, &it.lost, &it.edge);
    return it;
}

static void check_event(struct event is, uint64_t when, uint64_t sequence, uint32_t edge)
{
    CHECK_EQUAL(is.result, SOLO5_R_OK);
    CHECK_EQUAL(is.when, when);
    CHECK_EQUAL(is.sequence, sequence);
    CHECK_EQUAL(is.edge, edge);
    CHECK_EQUAL(is.lost, 0);
}

static void a_line_is_acquired_by_name_once(void)
{
    solo5_handle_t handle = 77;
    solo5_time_t period = 0;
    uint32_t properties = 0;

    start(BOTH);
    CHECK(gpio_acquire(&host, "button", 6, &handle, &period, &properties) == SOLO5_R_OK);
    CHECK_EQUAL(handle, 1);
    CHECK_EQUAL(properties, SOLO5_GPIO_INPUT | SOLO5_GPIO_RISING | SOLO5_GPIO_FALLING |
                                SOLO5_GPIO_SAMPLED);
    CHECK_EQUAL(period, GPIO_PERIOD);
    CHECK(gpio_acquire(&host, "button", 6, &handle, &period, &properties) == SOLO5_R_EINVAL);
    CHECK(gpio_release(&host, 1) == SOLO5_R_OK);
    CHECK(gpio_release(&host, 1) == SOLO5_R_EINVAL);
    CHECK(gpio_acquire(&host, "button", 6, &handle, &period, &properties) == SOLO5_R_OK);
}

static void other_names_are_refused(void)
{
    static const char longest[MFT_NAME_MAX + 1] = "button";
    static const struct {
        const char *name;
        uint64_t size;
    } wrong[] = {{"", 0},        {"butto", 5},  {"buttons", 7}, {"Button", 6},
                 {"foreign", 7}, {"button ", 7}, {longest, MFT_NAME_MAX + 1}, {"lamp", 3}};
    solo5_handle_t handle = 77;
    solo5_time_t period = 0;
    uint32_t properties = 0;

    start(BOTH);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(gpio_acquire(&host, wrong[i].name, wrong[i].size, &handle, &period, &properties) ==
              SOLO5_R_EINVAL);
    CHECK_EQUAL(handle, 77);
    host.manifest = NULL;
    CHECK(gpio_acquire(&host, "button", 6, &handle, &period, &properties) == SOLO5_R_EINVAL);
}

static void hostile_handles_are_refused_by_every_call(void)
{
    static const solo5_handle_t hostile[] = {0, 1, 4, 5, 63, 64, UINT32_MAX, UINT64_MAX};
    uint64_t many;
    uint32_t value;

    start(BOTH);
    take("lamp");
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        CHECK(gpio_in(&host, hostile[i]) == SOLO5_R_EINVAL);
        CHECK(gpio_out(&host, hostile[i], 1) == SOLO5_R_EINVAL);
        CHECK(gpio_get(&host, hostile[i], &value) == SOLO5_R_EINVAL);
        CHECK(gpio_set(&host, hostile[i], 1) == SOLO5_R_EINVAL);
        CHECK(gpio_release(&host, hostile[i]) == SOLO5_R_EINVAL);
        CHECK(next(hostile[i]).result == SOLO5_R_EINVAL);
        const uint64_t bit = UINT64_C(1) << (hostile[i] & 63);
        CHECK(gpio_get_many(&host, bit | 8, &many) == SOLO5_R_EINVAL);
        CHECK(gpio_set_many(&host, bit | 8, UINT64_MAX) == SOLO5_R_EINVAL);
    }
    CHECK(gpio_set_many(&host, UINT64_MAX, 0) == SOLO5_R_EINVAL);
    CHECK_EQUAL(fake_pins.high[LAMP], true); /* as acquired: inactive, and active-low */
    CHECK(gpio.refused > 0);
}

static void several_lines_move_and_are_read_at_once_in_logical_levels(void)
{
    uint64_t values = 0;

    start(BOTH);
    take("button");
    take("second");
    take("lamp");
    CHECK(gpio_out(&host, 2, 0) == SOLO5_R_OK);
    CHECK(gpio_set_many(&host, 1 << 2 | 1 << 3, 1 << 2 | 1 << 3 | 1 << 1) == SOLO5_R_OK);
    CHECK(fake_pins.high[SECOND] && !fake_pins.high[LAMP] && !fake_pins.high[BUTTON]);
    fake_pins.high[BUTTON] = true;
    CHECK(gpio_get_many(&host, 1 << 1 | 1 << 3, &values) == SOLO5_R_OK);
    CHECK_EQUAL(values, 1 << 1 | 1 << 3);
    CHECK(gpio_set_many(&host, 1 << 1 | 1 << 2, 0) == SOLO5_R_EINVAL); /* one is an input */
    CHECK(fake_pins.high[SECOND]);
    CHECK(gpio_set_many(&host, 0, UINT64_MAX) == SOLO5_R_OK);
    fake_pins.failing = 1;
    CHECK(gpio_set_many(&host, 1 << 2, 0) == SOLO5_R_EUNSPEC);
}

static void an_output_may_be_read_back(void)
{
    uint32_t value = 0;

    start(BOTH);
    take("lamp");
    CHECK(gpio_set(&host, 3, 1) == SOLO5_R_OK);
    CHECK(gpio_get(&host, 3, &value) == SOLO5_R_OK);
    CHECK_EQUAL(value, 1);
}

static const struct fake_edge presses[] = {
    {10 * MS, BUTTON, true},      {12 * MS + 345, BUTTON, false}, {12 * MS + 999, BUTTON, true},
    {30 * MS + 7, BUTTON, false}, {31 * MS, SECOND, true},
};

static void reported_edges_wake_the_guest_with_the_chips_own_times(void)
{
    start(BOTH);
    fake_play(presses, 5);
    take("button");
    take("second");
    CHECK_EQUAL(wait_for(5 * MS), 0);
    CHECK_EQUAL(fake_time.now, 5 * MS);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    CHECK_EQUAL(fake_time.now, 10 * MS);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1); /* unread: at once */
    CHECK_EQUAL(fake_time.now, 10 * MS);
    check_event(next(1), 10 * MS, 1, SOLO5_GPIO_RISING);
    CHECK_EQUAL(next(1).result, SOLO5_R_AGAIN);
    CHECK_EQUAL(gpio.edges, GPIO_EDGES_REPORTED);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 12 * MS + 345, 2, SOLO5_GPIO_FALLING);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 12 * MS + 999, 3, SOLO5_GPIO_RISING);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 30 * MS + 7, 4, SOLO5_GPIO_FALLING);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 2);
    check_event(next(2), 31 * MS, 1, SOLO5_GPIO_RISING);
    CHECK_EQUAL(wait_for(100 * MS), 0);
    CHECK_EQUAL(fake_time.now, 131 * MS);
}

static void edges_are_logical_and_only_those_that_are_wanted(void)
{
    start(MFT_LINE_ACTIVE_LOW | MFT_LINE_EDGE_RISING);
    fake_play(presses, 4);
    take("button");
    CHECK(fake_pins.falling[BUTTON] && !fake_pins.rising[BUTTON]);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 12 * MS + 345, 1, SOLO5_GPIO_RISING);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 30 * MS + 7, 2, SOLO5_GPIO_RISING);
    CHECK_EQUAL(wait_for(100 * MS), 0);
}

/* What a period sees of (presses): the short release in between is not among it. */
static void check_sampled(uint64_t late)
{
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    CHECK_EQUAL(fake_time.now, 10 * MS + late);
    check_event(next(1), 10 * MS, 1, SOLO5_GPIO_RISING | SOLO5_GPIO_SAMPLED);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 31 * MS, 2, SOLO5_GPIO_FALLING | SOLO5_GPIO_SAMPLED);
}

static void a_way_without_edges_is_sampled_each_period(void)
{
    start(BOTH);
    fake_pins.face.edge = NULL;
    fake_play(presses, 5);
    take("button");
    check_sampled(0);
    CHECK_EQUAL(gpio.edges, GPIO_EDGES_SAMPLED);
}

static void an_operator_may_choose_to_sample_and_how_often(void)
{
    static const struct fake_edge one[] = {{3 * MS, BUTTON, true}};
    solo5_handle_t handle;
    solo5_time_t period = 0;
    uint32_t properties = 0;

    start(BOTH);
    gpio.edges = GPIO_EDGES_SAMPLED;
    gpio.period = 7 * MS;
    fake_pins.silent = true;
    fake_play(one, 1);
    CHECK(gpio_acquire(&host, "button", 6, &handle, &period, &properties) == SOLO5_R_OK);
    CHECK_EQUAL(period, 7 * MS);
    CHECK_EQUAL(wait_for(100 * MS), 1 << 1);
    check_event(next(1), 7 * MS, 1, SOLO5_GPIO_RISING | SOLO5_GPIO_SAMPLED);
}

static unsigned int told;

static void tell(void)
{
    told++;
}

static void a_silent_chip_is_found_out_and_nothing_seen_is_lost(void)
{
    start(BOTH);
    told = 0;
    gpio.says_sampled = tell;
    fake_pins.silent = true;
    fake_play(presses, 5);
    take("button");
    check_sampled(GPIO_GRACE);
    CHECK_EQUAL(gpio.edges, GPIO_EDGES_SAMPLED);
    CHECK_EQUAL(told, 1);
}

static void a_chip_that_reports_late_is_still_believed(void)
{
    static const struct gpio_edge late = {.at = 10 * MS, .line = BUTTON, .high = true};

    start(BOTH);
    fake_pins.silent = true;
    fake_play(presses, 1);
    take("button");
    CHECK_EQUAL(wait_for(15 * MS), 0); /* seen, and held back */
    fake_pins.edges[fake_pins.edge_count++] = late;
    CHECK_EQUAL(wait_for(15 * MS), 1 << 1);
    check_event(next(1), 10 * MS, 1, SOLO5_GPIO_RISING);
    CHECK_EQUAL(next(1).result, SOLO5_R_AGAIN);
    CHECK_EQUAL(gpio.edges, GPIO_EDGES_REPORTED);
}

static struct fake_edge many[3 * GPIO_EVENTS];

/* Plays (count) edges of the button, (apart) ns after each other. */
static void play_many(size_t count, uint64_t apart)
{
    for (size_t i = 0; i < count; i++)
        many[i] = (struct fake_edge){(i + 1) * apart, BUTTON, i % 2 == 0};
    fake_play(many, count);
}

static void edges_that_nobody_reads_are_lost_oldest_first_and_counted(void)
{
    start(BOTH);
    fake_pins.face.edge = NULL;
    play_many(GPIO_EVENTS + 5, 2 * MS);
    take("button");
    for (size_t i = 0; i < GPIO_EVENTS + 5; i++) {
        fake_stimulus_apply();
        gpio_collect(&gpio);
    }
    struct event it = next(1);
    CHECK_EQUAL(it.result, SOLO5_R_OK);
    CHECK_EQUAL(it.sequence, 6);
    CHECK_EQUAL(it.lost, 5);
    for (uint64_t i = 7; i <= GPIO_EVENTS + 5; i++) {
        it = next(1);
        CHECK_EQUAL(it.sequence, i);
        CHECK_EQUAL(it.lost, 0);
    }
    CHECK_EQUAL(next(1).result, SOLO5_R_AGAIN);
}

static void edges_the_kernel_lost_are_counted(void)
{
    start(BOTH);
    play_many(FAKE_EDGES + 3, MS);
    take("button");
    for (size_t i = 0; i < FAKE_EDGES + 3; i++)
        fake_stimulus_apply();
    struct event it = next(1);
    CHECK_EQUAL(it.lost, 3);
    CHECK_EQUAL(it.sequence, 4);
    it = next(1);
    CHECK_EQUAL(it.lost, 0);
    CHECK_EQUAL(it.sequence, 5);
}

static void a_released_line_forgets_its_edges(void)
{
    start(BOTH);
    fake_play(presses, 2);
    take("button");
    CHECK_EQUAL(wait_for(11 * MS), 1 << 1);
    CHECK(gpio_release(&host, 1) == SOLO5_R_OK);
    CHECK_EQUAL(wait_for(0), 0);
    CHECK_EQUAL(next(1).result, SOLO5_R_EINVAL);
    take("button");
    CHECK_EQUAL(next(1).result, SOLO5_R_AGAIN);
    CHECK_EQUAL(wait_for(20 * MS), 1 << 1);
    check_event(next(1), 12 * MS + 345, 1, SOLO5_GPIO_FALLING);
}

static void an_output_has_no_edges(void)
{
    start(BOTH);
    take("second");
    CHECK_EQUAL(next(2).result, SOLO5_R_AGAIN);
    CHECK(gpio_out(&host, 2, 1) == SOLO5_R_OK);
    CHECK_EQUAL(next(2).result, SOLO5_R_EINVAL);
    CHECK(gpio_in(&host, 2) == SOLO5_R_OK);
    CHECK_EQUAL(next(2).result, SOLO5_R_AGAIN);
}

static void edges_of_lines_nobody_watches_are_dropped(void)
{
    start(BOTH);
    take("button");
    fake_pins.edges[0] = (struct gpio_edge){.at = 1, .line = 40, .high = true};
    fake_pins.edges[1] = (struct gpio_edge){.at = 1, .line = 63, .high = true};
    fake_pins.edge_count = 2;
    CHECK_EQUAL(wait_for(MS), 0);
    CHECK_EQUAL(next(1).result, SOLO5_R_AGAIN);
}

static void the_registers_are_for_guests_that_were_given_them(void)
{
    uint64_t address = 1;

    start(BOTH);
    CHECK(gpio_page(&host, &address) == SOLO5_R_EINVAL);
    CHECK_EQUAL(address, 0);
    CHECK_EQUAL(gpio.refused, 1);
    gpio.page = 0x140000000;
    CHECK(gpio_page(&host, &address) == SOLO5_R_OK);
    CHECK_EQUAL(address, 0x140000000);
}

int main(void)
{
    a_line_is_acquired_by_name_once();
    other_names_are_refused();
    hostile_handles_are_refused_by_every_call();
    several_lines_move_and_are_read_at_once_in_logical_levels();
    an_output_may_be_read_back();
    reported_edges_wake_the_guest_with_the_chips_own_times();
    edges_are_logical_and_only_those_that_are_wanted();
    a_way_without_edges_is_sampled_each_period();
    an_operator_may_choose_to_sample_and_how_often();
    a_silent_chip_is_found_out_and_nothing_seen_is_lost();
    a_chip_that_reports_late_is_still_believed();
    edges_that_nobody_reads_are_lost_oldest_first_and_counted();
    edges_the_kernel_lost_are_counted();
    a_released_line_forgets_its_edges();
    an_output_has_no_edges();
    edges_of_lines_nobody_watches_are_dropped();
    the_registers_are_for_guests_that_were_given_them();
    return 0;
}
