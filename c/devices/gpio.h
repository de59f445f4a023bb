/* SPDX-License-Identifier: MIT */
/* The lines a guest was granted: who may do what to which pin, and the edges seen. Freestanding. */
#ifndef RPIKIT_DEVICES_GPIO_H
#define RPIKIT_DEVICES_GPIO_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/manifest.h"
#include "abi/solo5.h"
#include "backends/gpio.h"
#include "dispatch/host.h"

/* Lines of the largest chip served; a BCM2837 has 54 (BCM2835 ARM Peripherals, section 6.1). */
#define GPIO_LINES 64

/* Unread edges of a line; one more, and the oldest is lost. c/interfaces/gpio.toml says so. */
#define GPIO_EVENTS 64

#define GPIO_PERIOD UINT64_C(1000000)  /* ns between two looks at sampled lines, unless set */
#define GPIO_GRACE  UINT64_C(20000000) /* ns for a chip to report an edge that was seen */

enum gpio_state {
    GPIO_DENIED = 0, /* not granted */
    GPIO_GRANTED,    /* granted, not initialised by the guest */
    GPIO_READY,      /* initialised, no direction yet */
    GPIO_IN,
    GPIO_OUT,
};

struct gpio_event {
    uint64_t at;       /* ns, on the guest's monotonic clock */
    uint64_t sequence; /* of the line, from 1 */
    bool active;       /* the level after the edge */
    bool sampled;      /* seen by looking, not reported */
};

struct gpio_line {
    enum gpio_state state;
    uint32_t flags; /* enum mft_line_flag */
    uint32_t first, count;
    uint64_t sequence;  /* of the last edge seen */
    uint64_t delivered; /* of the last edge the guest took */
    struct gpio_event events[GPIO_EVENTS];
};

/* How edges come to be known. */
enum gpio_edges {
    GPIO_EDGES_UNPROVEN = 0, /* both ways, until the chip has reported one or failed to */
    GPIO_EDGES_REPORTED,
    GPIO_EDGES_SAMPLED,
};

/* Without a grant everything is denied: the zero value serves a guest that has no lines. */
struct gpio {
    struct gpio_backend *backend; /* set before the first grant */
    const struct host *host;      /* whose manifest gives lines their handles */
    enum gpio_edges edges;
    uint64_t period;  /* ns; 0 stands for GPIO_PERIOD */
    uint8_t acquired[GPIO_LINES]; /* 1 + line, of each handle that was acquired; 0: look it up */
    uint64_t page;    /* guest address of the chip's registers; 0: not the guest's to touch */
    uint64_t refused; /* calls on lines that were not granted, or not granted for that */
    uint64_t inputs, outputs; /* bit n: line n is in that state */
    uint64_t inverted;        /* bit n: line n was granted as active-low */
    uint64_t watched; /* bit n: edges of line n are wanted */
    uint64_t unread;  /* bit n: line n has edges that the guest has not taken */
    uint64_t high;    /* bit n: line n was high when it was looked at last */
    uint64_t doubt;   /* since when the chip is silent on an edge that was seen; 0: it is not */
    void (*says_sampled)(void); /* told once, when edges turn out not to be reported; may be NULL */
    struct waiter waiter;
    struct gpio_line lines[GPIO_LINES];
};

/* Hands (gpio) to (host), which then waits for its edges, too. */
void gpio_attach(struct gpio *gpio, struct host *host);

/* Grants (line) with (flags). False if there is no such line or it was granted before. */
bool gpio_grant(struct gpio *gpio, uint32_t line, uint32_t flags);

/* The guest's side, by the line's number. SOLO5_R_EINVAL: not granted, not granted for that
 * direction, or not in the state the call needs; SOLO5_R_EUNSPEC: the backend failed. Levels are
 * logical: active or not. */
solo5_result_t gpio_line_init(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_line_finalize(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_line_in(struct gpio *gpio, uint32_t line);
solo5_result_t gpio_line_out(struct gpio *gpio, uint32_t line, bool active);
solo5_result_t gpio_line_set(struct gpio *gpio, uint32_t line, bool active);
/* Of an input only: reading back an output is for gpio_lines_get(). */
solo5_result_t gpio_line_get(struct gpio *gpio, uint32_t line, bool *active);

/* Several at once: bit n is line n. All of (lines) have a direction, or nothing happens. */
solo5_result_t gpio_lines_get(struct gpio *gpio, uint64_t lines, uint64_t *active);
solo5_result_t gpio_lines_set(struct gpio *gpio, uint64_t lines, uint64_t active);

/* Edges. Takes the oldest unread one of (line): SOLO5_R_AGAIN if there is none. */
solo5_result_t gpio_line_event(struct gpio *gpio, uint32_t line, struct gpio_event *event,
                               uint32_t *lost);
/* Starts to watch a line that has become an input, and forgets what was seen before. */
void gpio_watch(struct gpio *gpio, uint32_t line);
void gpio_unwatch(struct gpio *gpio, uint32_t line);
/* Fetches what the chip has reported and looks at lines that are sampled. */
void gpio_collect(struct gpio *gpio);
/* Whether edges are known by looking only. */
bool gpio_is_sampled(const struct gpio *gpio);
/* ns between two looks. */
uint64_t gpio_period(const struct gpio *gpio);

#endif
