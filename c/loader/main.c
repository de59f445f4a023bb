/* SPDX-License-Identifier: MIT */
/* The loader: it serves what comes over the line, and starts an image in its own place. */
#include "backends/bcm2837/clock.h"
#include "backends/bcm2837/power.h"
#include "backends/bcm2837/registers.h"
#include "backends/bcm2837/uart.h"
#include "lib/format.h"
#include "loader/board.h"
#include "loader/frame.h"
#include "loader/layout.h"
#include "loader/line.h"
#include "loader/request.h"

#define MS       UINT64_C(1000000) /* ns */
#define STEP_MS  50                /* between two looks at the time */
#define AWAKE_MS 2                 /* within a frame: waking up takes longer than a byte */
#define LEFT_MS  30000 /* after requests, until a stored image is started all the same */

/* Patched by whoever makes a card or an update. */
static const struct loader_keys keys_of_file
    __attribute__((section(".keys"), used)) = {.magic = LOADER_KEYS_MAGIC};

extern char loader_end[], _start[]; /* of loader.lds */

static struct loader loader = {0};
static struct loader_keys keys;
static struct loader_stored stored;
static struct image stored_image;
static struct frame frame;
static uint8_t answer[FRAME_CONTENT], sent[FRAME_LINE_MAX];

static uint64_t gap; /* ticks, LOADER_GAP_MS */
static uint64_t
    patience;          /* ticks without a request, until the stored image is started; 0: for ever */
static uint64_t heard; /* when a request was served, or it began */
static uint64_t came;  /* when the last byte did */
static uint64_t said;  /* when it was WAITING */
static bool was_heard, is_fast, is_confirmed;

__attribute__((noreturn)) void main_loader(uint64_t loaded_at);
__attribute__((noreturn)) void main_fault(uint32_t kind);

static uint64_t ticks_of(uint64_t ms)
{
    return clock_ticks_of(ms * MS);
}

__attribute__((noreturn)) static void start(const struct image *image)
{
    line_end();
    board_enter(image);
}

static void change_baud(uint32_t baud)
{
    line_change(baud);
    frame_forget(&frame);
    is_fast = baud != LOADER_BAUD;
    is_confirmed = false;
}

static void serve(void)
{
    size_t size;

    line_by_interrupts(true);
    const enum loader_act act = request_serve(&loader, frame.content, frame.size, answer, &size);
    line_send(sent, frame_make(sent, answer, size));
    line_by_interrupts(false);
    switch (act) {
    case LOADER_GO_ON:
        is_confirmed = is_fast;
        break;
    case LOADER_CHANGE_BAUD:
        change_baud(loader.baud);
        break;
    case LOADER_ENTER:
        start(&loader.chosen);
    case LOADER_RESET_BOARD:
        uart_drain();
        power_end(true);
    }
    if (patience > 0)
        patience = ticks_of(LEFT_MS);
    was_heard = true;
    heard = clock_ticks();
}

static void take(uint8_t byte)
{
    came = clock_ticks();
    switch (frame_take(&frame, byte)) {
    case FRAME_MORE:
        break;
    case FRAME_DROPPED:
        loader.errors++;
        break;
    case FRAME_WHOLE:
        serve();
    }
}

/* Starts the stored image, or says why not, once. */
static void boot(void)
{
    char text[96];
    const enum loader_status status = image_check(&stored_image, &keys);

    if (status == LOADER_OK)
        start(&stored_image);
    loader.stored = NULL;
    line_send(text,
              format_buffer(text, sizeof(text),
                            "rpikit loader 1: the stored image is not fit to start: status %u\r\n",
                            (unsigned int)status));
}

/* Does what no byte is needed for. */
static void pass(uint64_t now)
{
    if (frame_is_begun(&frame) && now - came > gap) {
        frame_forget(&frame);
        loader.errors++;
    }
    if (is_fast && now - heard > (is_confirmed ? gap : ticks_of(LOADER_BAUD_MS)))
        change_baud(LOADER_BAUD);
    if (loader.stored && patience > 0 && now - heard > patience)
        boot();
    if ((!was_heard || now - heard > gap) && now - said > ticks_of(LOADER_WAITING_MS)) {
        line_send(LOADER_WAITING, sizeof(LOADER_WAITING) - 1);
        said = now;
    }
}

/* What is no table of keys fits no signature. */
static void read_keys(void)
{
    const struct loader_keys *volatile const patched = &keys_of_file;

    keys = *patched;
    if (keys.magic != LOADER_KEYS_MAGIC || keys.count > LOADER_KEYS)
        keys = (struct loader_keys){.count = LOADER_KEYS};
}

static void find_stored(uint64_t loaded_at)
{
    struct loader_stored *const found =
        (struct loader_stored *)(uintptr_t)(loaded_at + (uint64_t)(loader_end - _start));

    if (!image_take_stored(&stored, found))
        return;
    stored_image = image_stored(&stored, found);
    loader.stored = &stored_image;
    patience = ticks_of(stored.window_ms);
}

void main_loader(uint64_t loaded_at)
{
    uint8_t byte;

    board_prepare();
    read_keys();
    find_stored(loaded_at);
    loader.board = board_describe(&keys);
    loader.keys = &keys;
    loader.staging = (uint8_t *)LAYOUT_STAGING;
    gap = ticks_of(LOADER_GAP_MS);
    line_begin(loader.board.uart_clock_hz);
    heard = clock_ticks();
    for (;;) {
        while (line_take(&byte))
            take(byte);
        const uint64_t now = clock_ticks();
        pass(now);
        if (!frame_is_begun(&frame) || now - came > ticks_of(AWAKE_MS))
            line_sleep(now + ticks_of(STEP_MS));
    }
}

void main_fault(uint32_t kind)
{
    char text[128];

    format_buffer(text, sizeof(text),
                  "\r\nrpikit loader 1: fault %u: ESR 0x%lx, PC 0x%lx, address 0x%lx; reset\r\n",
                  kind, (unsigned long)READ_REGISTER(esr_el2),
                  (unsigned long)READ_REGISTER(elr_el2), (unsigned long)READ_REGISTER(far_el2));
    uart_say(text);
    uart_drain();
    power_end(true);
}
