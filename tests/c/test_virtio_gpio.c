/* SPDX-License-Identifier: MIT */
/* Lines by virtio: rights, levels, names, and edges that wait for a buffer. */
#include "virtio_driver.h"
#include "manifest.h"

#include "backends/fake/fake.h"
#include "virtio/gpio.h"

#define SIZE      16
#define LINES     54
#define IN        17
#define OUT       18
#define LOW_OUT   22 /* active-low */
#define QUIET     23 /* an input without edges */
#define DENIED    4
#define BUFFER(i) (DATA + 0x100 + 16 * (i))
#define UNSET     0x77

enum { REQUESTS = 0, EVENTS = 1 };
enum { NAMES = 1, GET_DIRECTION, SET_DIRECTION, GET, SET, TRIGGER };
enum { NONE, OUTPUT, INPUT };
enum { RISING = 1, FALLING, BOTH };
enum { INVALID, VALID };

static struct host host;
static struct gpio gpio;
static struct virtio_gpio lines;
static MANIFEST_OF(3) manifest;

static void start(void)
{
    fake_reset();
    begin_guest(&host);
    manifest.head = (struct mft){.version = MFT_VERSION, .entries = 3};
    memset(manifest.e, 0, sizeof(manifest.e));
    manifest.e[0].type = MFT_RESERVED_FIRST;
    manifest.e[1] = (struct mft_entry){
        .name = "button", .type = MFT_LINE, .u.line = {.line = IN}, .attached = 1};
    manifest.e[2] = (struct mft_entry){
        .name = "lamp", .type = MFT_LINE, .u.line = {.line = OUT}, .attached = 1};
    host.manifest = &manifest.head;
    gpio = (struct gpio){.backend = &fake_pins.face, .edges = GPIO_EDGES_REPORTED};
    gpio_attach(&gpio, &host);
    CHECK(gpio_grant(&gpio, IN, MFT_LINE_IN | MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING));
    CHECK(gpio_grant(&gpio, OUT, MFT_LINE_OUT));
    CHECK(gpio_grant(&gpio, LOW_OUT, MFT_LINE_OUT | MFT_LINE_ACTIVE_LOW));
    CHECK(gpio_grant(&gpio, QUIET, MFT_LINE_IN));
    virtio_gpio_attach(&lines, &host, LINES);
    begin_driver(&lines.virtio, 2, SIZE);
}

/* Asks, and returns the status; the value is in the byte behind it. */
static int ask(uint16_t type, uint16_t line, uint32_t value)
{
    const struct part parts[] = {{DATA, 8, 0}, {DATA + 8, 2, WRITE}};

    poke(DATA, type | (uint32_t)line << 16, 4);
    poke(DATA + 4, value, 4);
    poke(DATA + 8, UNSET | UNSET << 8, 2);
    chain(REQUESTS, 0, parts, 2);
    offer(REQUESTS, 0, SIZE);
    set(AT_NOTIFY, REQUESTS);
    CHECK(!is_broken());
    CHECK_EQUAL(last_used(REQUESTS, SIZE).written, 2);
    return memory[DATA + 8];
}

static int answer(void)
{
    return memory[DATA + 9];
}

/* Posts buffer (i), which waits for an edge of (line). */
static void post(uint16_t i, uint16_t line)
{
    const struct part parts[] = {{BUFFER(i), 2, 0}, {BUFFER(i) + 2, 1, WRITE}};

    poke(BUFFER(i), line | UNSET << 16, 4);
    chain(EVENTS, 2 * i, parts, 2);
    offer(EVENTS, 2 * i, SIZE);
    set(AT_NOTIFY, EVENTS);
}

static int status_of(uint16_t i)
{
    return memory[BUFFER(i) + 2];
}

static void press(uint32_t line, bool high)
{
    static struct fake_edge edge;

    edge = (struct fake_edge){fake_time.now, line, high};
    fake_play(&edge, 1);
    fake_stimulus_apply();
}

/* The line is an input whose edges of (trigger) are told. */
static void arm(uint32_t trigger)
{
    CHECK_EQUAL(ask(SET_DIRECTION, IN, INPUT), 0);
    CHECK_EQUAL(ask(TRIGGER, IN, trigger), 0);
}

static void an_output_is_driven(void)
{
    start();
    CHECK_EQUAL(ask(GET_DIRECTION, OUT, 0), 0);
    CHECK_EQUAL(answer(), NONE);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    CHECK(fake_pins.output[OUT] && !fake_pins.high[OUT]);
    CHECK_EQUAL(ask(GET_DIRECTION, OUT, 0), 0);
    CHECK_EQUAL(answer(), OUTPUT);
    CHECK_EQUAL(ask(SET, OUT, 1), 0);
    CHECK(fake_pins.high[OUT]);
    CHECK_EQUAL(ask(GET, OUT, 0), 0);
    CHECK_EQUAL(answer(), 1);
    CHECK_EQUAL(ask(SET, OUT, 0), 0);
    CHECK(!fake_pins.high[OUT]);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, NONE), 0);
    CHECK(!fake_pins.output[OUT]);
}

static void a_level_said_before_is_there_from_the_first_moment(void)
{
    start();
    CHECK_EQUAL(ask(SET, OUT, 1), 0);
    CHECK(!fake_pins.high[OUT]);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    CHECK_EQUAL(fake_pins.logged, 1);
    CHECK(fake_pins.high[OUT]);
}

static void levels_are_logical(void)
{
    start();
    CHECK_EQUAL(ask(SET_DIRECTION, LOW_OUT, OUTPUT), 0);
    CHECK(fake_pins.high[LOW_OUT]);
    CHECK_EQUAL(ask(SET, LOW_OUT, 1), 0);
    CHECK(!fake_pins.high[LOW_OUT]);
    CHECK_EQUAL(ask(GET, LOW_OUT, 0), 0);
    CHECK_EQUAL(answer(), 1);
}

static void an_input_is_read(void)
{
    start();
    CHECK_EQUAL(ask(GET, IN, 0), 1);
    CHECK_EQUAL(ask(SET_DIRECTION, IN, INPUT), 0);
    CHECK_EQUAL(ask(GET, IN, 0), 0);
    CHECK_EQUAL(answer(), 0);
    press(IN, true);
    CHECK_EQUAL(ask(GET, IN, 0), 0);
    CHECK_EQUAL(answer(), 1);
}

static void what_was_not_granted_is_refused(void)
{
    start();
    for (uint16_t line = 0; line < LINES; line++) {
        if (line == IN || line == OUT || line == LOW_OUT || line == QUIET)
            continue;
        for (uint16_t type = GET_DIRECTION; type <= TRIGGER; type++) {
            for (uint32_t value = 0; value < 3; value++)
                CHECK_EQUAL(ask(type, line, value), 1);
        }
        CHECK(!fake_pins.output[line] && !fake_pins.high[line]);
    }
    CHECK(gpio.refused > 0);
    CHECK_EQUAL(ask(SET_DIRECTION, IN, OUTPUT), 1);
    CHECK_EQUAL(ask(SET, IN, 1), 1);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, INPUT), 1);
    CHECK(!fake_pins.output[IN]);
}

static void what_does_not_exist_is_refused(void)
{
    const struct {
        uint16_t type, line;
        uint32_t value;
    } odd[] = {
        {0, OUT, 0},
        {7, OUT, 0},
        {UINT16_MAX, OUT, 0},
        {SET, LINES, 1},
        {SET, 64, 1},
        {SET, UINT16_MAX, 1},
        {SET, OUT, 2},
        {SET, OUT, UINT32_MAX},
        {SET_DIRECTION, OUT, 3},
        {TRIGGER, IN, 4},
        {TRIGGER, IN, 8},
        {TRIGGER, IN, UINT32_MAX},
        {GET_DIRECTION, 64, 0},
    };

    start();
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        CHECK_EQUAL(ask(odd[i].type, odd[i].line, odd[i].value), 1);
}

static void names_are_those_of_the_manifest(void)
{
    const uint32_t size = LINES + 10; /* a NUL for each, "button" and "lamp" */
    struct part parts[] = {{DATA, 8, 0}, {DATA + 8, 1 + size, WRITE}};

    start();
    CHECK_EQUAL(get(AT_CONFIG + 4), size);
    poke(DATA, NAMES, 8);
    memset(memory + DATA + 8, UNSET, 256);
    chain(REQUESTS, 0, parts, 2);
    offer(REQUESTS, 0, SIZE);
    set(AT_NOTIFY, REQUESTS);
    CHECK_EQUAL(last_used(REQUESTS, SIZE).written, 1 + size);
    CHECK_EQUAL(memory[DATA + 8], 0);
    CHECK_EQUAL(memory[DATA + 9 + size], UNSET);
    const char *name = (const char *)memory + DATA + 9;
    for (int line = 0; line < LINES; line++) {
        CHECK_TEXT(name, line == IN ? "button" : line == OUT ? "lamp" : "");
        name += strlen(name) + 1;
    }
    parts[1].size = size;
    chain(REQUESTS, 0, parts, 2);
    offer(REQUESTS, 0, SIZE);
    set(AT_NOTIFY, REQUESTS);
    CHECK_EQUAL(memory[DATA + 8], 1);
    CHECK_EQUAL(last_used(REQUESTS, SIZE).written, 1);
}

static void an_edge_gives_the_buffer_back(void)
{
    start();
    arm(RISING);
    post(3, IN);
    CHECK_EQUAL(used_count(EVENTS), 0);
    CHECK(get(AT_INTERRUPTS) == 1);
    set(AT_INTERRUPTS_TAKEN, 1);
    CHECK(!virtio_look(&lines.virtio));
    press(IN, true);
    CHECK(virtio_look(&lines.virtio));
    CHECK_EQUAL(used_count(EVENTS), 1);
    CHECK_EQUAL(last_used(EVENTS, SIZE).head, 6);
    CHECK_EQUAL(last_used(EVENTS, SIZE).written, 1);
    CHECK_EQUAL(status_of(3), VALID);
}

static void reading_the_interrupts_looks_as_well(void)
{
    start();
    arm(BOTH);
    post(0, IN);
    set(AT_INTERRUPTS_TAKEN, 1);
    press(IN, true);
    CHECK_EQUAL(get(AT_INTERRUPTS), 1);
    CHECK_EQUAL(status_of(0), VALID);
}

static void an_edge_waits_until_there_is_a_buffer(void)
{
    start();
    arm(BOTH);
    press(IN, true);
    virtio_look(&lines.virtio);
    press(IN, false);
    virtio_look(&lines.virtio);
    CHECK_EQUAL(used_count(EVENTS), 0);
    post(0, IN);
    CHECK_EQUAL(used_count(EVENTS), 1);
    CHECK_EQUAL(status_of(0), VALID);
    post(1, IN); /* one edge each */
    CHECK_EQUAL(status_of(1), VALID);
    post(2, IN);
    CHECK_EQUAL(used_count(EVENTS), 2);
}

static void edges_of_the_other_kind_are_not_told(void)
{
    start();
    arm(FALLING);
    post(0, IN);
    press(IN, true);
    virtio_look(&lines.virtio);
    CHECK_EQUAL(used_count(EVENTS), 0);
    press(IN, false);
    virtio_look(&lines.virtio);
    CHECK_EQUAL(used_count(EVENTS), 1);
}

static void edges_from_before_are_not_told(void)
{
    start();
    CHECK_EQUAL(ask(SET_DIRECTION, IN, INPUT), 0);
    press(IN, true);
    CHECK_EQUAL(ask(TRIGGER, IN, BOTH), 0);
    post(0, IN);
    CHECK_EQUAL(used_count(EVENTS), 0);
}

static void an_input_that_is_made_one_again_keeps_its_edges(void)
{
    start();
    arm(BOTH);
    post(0, IN);
    CHECK_EQUAL(ask(SET_DIRECTION, IN, INPUT), 0);
    CHECK_EQUAL(used_count(EVENTS), 0);
    press(IN, true);
    virtio_look(&lines.virtio);
    CHECK_EQUAL(status_of(0), VALID);
}

static void a_buffer_comes_back_when_nothing_is_to_come(void)
{
    start();
    post(0, IN); /* no trigger yet */
    CHECK_EQUAL(status_of(0), INVALID);
    arm(BOTH);
    post(1, IN);
    CHECK_EQUAL(ask(TRIGGER, IN, 0), 0);
    CHECK_EQUAL(status_of(1), INVALID);
    arm(BOTH);
    post(2, IN);
    CHECK_EQUAL(ask(SET_DIRECTION, IN, NONE), 0);
    CHECK_EQUAL(status_of(2), INVALID);
    arm(BOTH);
    post(3, IN);
    CHECK_EQUAL(gpio_line_finalize(&gpio, IN), SOLO5_R_OK); /* by a call, as it were */
    virtio_look(&lines.virtio);
    CHECK_EQUAL(status_of(3), INVALID);
    CHECK_EQUAL(used_count(EVENTS), 4);
}

static void triggers_need_an_input_that_has_them(void)
{
    start();
    CHECK_EQUAL(ask(TRIGGER, IN, RISING), 1);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    CHECK_EQUAL(ask(TRIGGER, OUT, RISING), 1);
    CHECK_EQUAL(ask(SET_DIRECTION, QUIET, INPUT), 0);
    CHECK_EQUAL(ask(TRIGGER, QUIET, BOTH), 1);
    gpio.lines[IN].flags &= ~(uint32_t)MFT_LINE_EDGE_FALLING;
    CHECK_EQUAL(ask(SET_DIRECTION, IN, INPUT), 0);
    CHECK_EQUAL(ask(TRIGGER, IN, RISING), 0);
    CHECK_EQUAL(ask(TRIGGER, IN, FALLING), 1);
    CHECK_EQUAL(ask(TRIGGER, IN, BOTH), 1);
}

static void two_buffers_for_one_line_need_a_reset(void)
{
    start();
    arm(BOTH);
    post(0, IN);
    post(1, IN);
    CHECK(is_broken());
    press(IN, true);
    CHECK(virtio_look(&lines.virtio)); /* that the status has changed, and nothing else */
    CHECK_EQUAL(used_count(EVENTS), 0);
}

static void a_buffer_that_cannot_be_needs_a_reset(void)
{
    const struct part short_line[] = {{DATA, 1, 0}, {DATA + 8, 1, WRITE}};
    const struct part no_status[] = {{DATA, 2, 0}};
    const struct part empty_status[] = {{DATA, 2, 0}, {DATA + 8, 0, WRITE}};
    const struct {
        const struct part *parts;
        uint16_t count, line;
    } odd[] = {
        {short_line, 2, IN}, {no_status, 1, IN}, {empty_status, 2, IN}, {no_status, 1, LINES}};

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        start();
        arm(BOTH);
        poke(DATA, odd[i].line, 2);
        chain(EVENTS, 0, odd[i].parts, odd[i].count);
        offer(EVENTS, 0, SIZE);
        set(AT_NOTIFY, EVENTS);
        CHECK(is_broken());
        CHECK_EQUAL(used_count(EVENTS), 0);
    }
    start();
    post(0, LINES);
    CHECK(is_broken());
}

static void a_request_that_is_cut_needs_a_reset(void)
{
    const struct part short_one[] = {{DATA, 7, 0}, {DATA + 8, 2, WRITE}};
    const struct part short_answer[] = {{DATA, 8, 0}, {DATA + 8, 1, WRITE}};

    for (int i = 0; i < 2; i++) {
        start();
        poke(DATA, SET | OUT << 16, 4);
        chain(REQUESTS, 0, i == 0 ? short_one : short_answer, 2);
        offer(REQUESTS, 0, SIZE);
        set(AT_NOTIFY, REQUESTS);
        CHECK(is_broken());
        CHECK_EQUAL(used_count(REQUESTS), 0);
    }
}

static void a_reset_leaves_lines_as_inputs(void)
{
    start();
    CHECK_EQUAL(ask(SET, OUT, 1), 0);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    arm(BOTH);
    post(0, IN);
    set(AT_STATUS, 0);
    CHECK(!fake_pins.output[OUT]);
    CHECK_EQUAL(gpio.lines[OUT].state, GPIO_GRANTED);
    CHECK_EQUAL(gpio.lines[IN].state, GPIO_GRANTED);
    press(IN, true);
    CHECK(!virtio_look(&lines.virtio));
    CHECK_EQUAL(used_count(EVENTS), 0);
    begin_driver(&lines.virtio, 2, SIZE);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    CHECK(!lines.virtio.interrupts || lines.virtio.interrupts == 1);
    CHECK_EQUAL(ask(GET, OUT, 0), 0);
    CHECK_EQUAL(answer(), 0);
}

static void a_line_that_a_call_holds_stays_with_it(void)
{
    start();
    CHECK_EQUAL(gpio_line_init(&gpio, OUT), SOLO5_R_OK);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    set(AT_STATUS, 0);
    CHECK_EQUAL(gpio.lines[OUT].state, GPIO_OUT);
}

static void a_board_that_fails_is_told(void)
{
    start();
    fake_pins.failing = 1;
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 1);
    CHECK_EQUAL(ask(SET_DIRECTION, OUT, OUTPUT), 0);
    fake_pins.failing = 1;
    CHECK_EQUAL(ask(SET, OUT, 1), 1);
    fake_pins.failing = 1;
    CHECK_EQUAL(ask(GET, OUT, 0), 1);
}

int main(void)
{
    an_output_is_driven();
    a_level_said_before_is_there_from_the_first_moment();
    levels_are_logical();
    an_input_is_read();
    what_was_not_granted_is_refused();
    what_does_not_exist_is_refused();
    names_are_those_of_the_manifest();
    an_edge_gives_the_buffer_back();
    reading_the_interrupts_looks_as_well();
    an_edge_waits_until_there_is_a_buffer();
    edges_of_the_other_kind_are_not_told();
    edges_from_before_are_not_told();
    an_input_that_is_made_one_again_keeps_its_edges();
    a_buffer_comes_back_when_nothing_is_to_come();
    triggers_need_an_input_that_has_them();
    two_buffers_for_one_line_need_a_reset();
    a_buffer_that_cannot_be_needs_a_reset();
    a_request_that_is_cut_needs_a_reset();
    a_reset_leaves_lines_as_inputs();
    a_line_that_a_call_holds_stays_with_it();
    a_board_that_fails_is_told();
    return 0;
}
