/* SPDX-License-Identifier: MIT */
/* One guest: what it is made of, and how it begins. */
#ifndef RPIKIT_UNDERLAY_GUEST_H
#define RPIKIT_UNDERLAY_GUEST_H

#include "backends/bcm2837/gpio_edge.h"
#include "devices/gpio.h"
#include "dispatch/host.h"
#include "lib/elf.h"
#include "underlay/context.h"
#include "underlay/life.h"
#include "underlay/payload.h"
#include "underlay/schedule.h"
#include "underlay/stage2.h"
#include "underlay/start.h"
#include "virtio/gpio.h"

#define GUEST_LINE 256 /* bytes of a line of its console that is told as one */

struct guest {
    struct frame frame;
    struct context context;
    struct turn turn;
    struct life life;
    struct host host;
    struct gpio gpio;
    struct gpio_reported pins; /* if the chip reports edges */
    bool polls;                /* it waits, and edges end that */
    bool is_woken;             /* there were some; set by core 0 */
    struct virtio_gpio lines;  /* the same as a device, if it has the window */
    bool has_window;
    struct elf_plan plan;
    struct stage2 *tables;
    void *stack;       /* where it goes on in the underlay while others run */
    uint64_t failures; /* transfers of its storage */
    const char *name;
    const uint8_t *file; /* of which it is made, each time that it begins */
    const char *words;
    uint32_t number; /* in the payload */
    uint32_t core;
    uint64_t told; /* bytes on the console when it had written there last */
    uint32_t used; /* of line */
    char line[GUEST_LINE];
    struct elf_notes notes; /* its manifest's entries are the end */
};

/* Makes guest (number) of (payload), which was checked, out of its file: all checks as of a tender,
 * then memory, tables and registers. NULL, or in a few words why it cannot begin. */
const char *guest_load(struct guest *guest, const struct payload *payload, uint32_t number);

/* Lines that are not there for others: those of guests, and the underlay's. */
uint64_t guest_lines_given(void);
/* Makes (some) the underlay's, bit n for line n, unless a guest has one of them. */
bool guest_lines_keep(uint64_t some);

/* Makes it anew, in its own turn: as guest_load() did, with lines that it has to take again. */
void guest_restart(struct guest *guest);

/* Has this core see and run (guest) instead of whom it had. */
void guest_use(const struct guest *guest);

/* Its life, or lives, on a stack of its own; when this returns it has ended. */
void guest_live(struct guest *guest);

#endif
