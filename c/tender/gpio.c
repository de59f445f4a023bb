/* SPDX-License-Identifier: MIT */
/* Grants lines: what the operator allows, within what the guest's manifest asks for. */
#include "backends/linux/gpio_driver.h"
#include "devices/gpio.h"
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/gpio_sampled.h"
#include "tender/options.h"
#include "tender/report.h"

_Static_assert(GPIO_LINES <= GPIO_DRIVER_LINES, "a driver has room for every line");

#define OPTION     "--pin:"
#define DIRECTIONS (MFT_LINE_IN | MFT_LINE_OUT)
#define PULLS      (MFT_LINE_PULL_UP | MFT_LINE_PULL_DOWN)
#define EDGES      (MFT_LINE_EDGE_RISING | MFT_LINE_EDGE_FALLING)

static const char *pins[GPIO_LINES]; /* NAME=LINE... of each --pin: */
static uint32_t pin_count;
static const struct gpio_driver *driver;
static const char *label; /* NULL: the Raspberry Pi's own */
static struct gpio gpio;

static const struct gpio_driver *find_driver(const char *name)
{
    for (const struct gpio_driver *const *it = gpio_drivers; it < gpio_drivers_end; it++) {
        if (strcmp((*it)->name, name) == 0)
            return *it;
    }
    return NULL;
}

static enum gpio_edges find_edges(const char *name)
{
    static const char *const names[] = {
        [GPIO_EDGES_UNPROVEN] = "auto",
        [GPIO_EDGES_REPORTED] = "reported",
        [GPIO_EDGES_SAMPLED] = "sampled",
    };

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return (enum gpio_edges)i;
    }
    fail("--gpio-edges=%s: it is none of auto, reported, sampled", name);
}

static bool option(const char *word)
{
    const char *value;

    if (devices_take(word, OPTION, pins, &pin_count, GPIO_LINES))
        return true;
    if ((value = options_after(word, "--gpio="))) {
        driver = find_driver(value);
        if (!driver)
            fail("--gpio=%s: this tender has no such way to the lines", value);
    } else if ((value = options_after(word, "--gpio-chip="))) {
        label = value;
    } else if ((value = options_after(word, "--gpio-edges="))) {
        gpio.edges = find_edges(value);
    } else if ((value = options_after(word, "--gpio-period="))) {
        uint32_t period;
        if (!options_number(&value, '\0', &period) || period == 0)
            fail("--gpio-period=%s: microseconds are expected, 1 or more", value);
        gpio.period = period * UINT64_C(1000);
    } else {
        return false;
    }
    return true;
}

struct property {
    const char *word;
    uint32_t gives;
    uint32_t instead_of; /* what the manifest says about the same */
};

static const struct property *find_property(const char **text)
{
    static const struct property properties[] = {
        {"in", MFT_LINE_IN, DIRECTIONS},
        {"out", MFT_LINE_OUT, DIRECTIONS},
        {"pull-up", MFT_LINE_PULL_UP, PULLS},
        {"pull-down", MFT_LINE_PULL_DOWN, PULLS},
        {"no-pull", 0, PULLS},
        {"active-low", MFT_LINE_ACTIVE_LOW, 0},
        {"no-edges", 0, EDGES},
    };

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        const char *rest = options_after(*text, properties[i].word);
        if (rest && (*rest == '\0' || *rest == ',')) {
            *text = rest;
            return &properties[i];
        }
    }
    return NULL;
}

/* Reads [,PROPERTY]... at (text); the manifest's flags hold where the option says nothing. */
static uint32_t read_flags(const char *pin, const char *text, uint32_t declared)
{
    uint32_t given = 0, replaced = 0;

    while (*text == ',') {
        text++;
        const struct property *property = find_property(&text);
        if (!property)
            fail(OPTION "%s: '%s' is none of in, out, pull-up, pull-down, no-pull, active-low, "
                 "no-edges", pin,
                 text);
        if ((property->instead_of & PULLS) && (replaced & PULLS))
            fail(OPTION "%s: two pulls on one line", pin);
        given |= property->gives;
        replaced |= property->instead_of;
    }
    if (given & DIRECTIONS & ~declared)
        fail(OPTION "%s: the manifest does not declare it as an %s", pin,
             given & ~declared & MFT_LINE_OUT ? "output" : "input");
    return (declared & ~replaced) | given;
}

static void grant(struct mft *manifest, const char *pin, struct gpio_wish *wish)
{
    const char *text = pin;
    struct mft_entry *entry = devices_granted(manifest, MFT_LINE, "line", OPTION, &text);

    if (!options_number(&text, ',', &wish->line))
        fail(OPTION "%s: the number of a line is expected behind the '='", pin);
    wish->flags = read_flags(pin, text, entry->u.line.flags);
    if (wish->line >= GPIO_LINES)
        fail(OPTION "%s: line %u is beyond any chip", pin, wish->line);
    if (!gpio_grant(&gpio, wish->line, wish->flags))
        fail(OPTION "%s: line %u was granted before", pin, wish->line);
    entry->u.line = (struct mft_line){.line = wish->line, .flags = wish->flags};
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    struct gpio_wish wishes[GPIO_LINES];
    struct gpio_trouble trouble;

    gpio_sampled_watch(&gpio);
    gpio_attach(&gpio, host);
    for (uint32_t i = 0; i < pin_count; i++)
        grant(manifest, pins[i], &wishes[i]);
    if (pin_count == 0)
        return;
    if (!driver)
        driver = find_driver("cdev");
    if (!driver)
        driver = gpio_drivers[0];
    gpio.backend = driver->open(label, wishes, pin_count, &trouble);
    if (!gpio.backend)
        fail("%s", trouble.text);
    if (gpio.edges == GPIO_EDGES_REPORTED && !gpio.backend->edge)
        fail("--gpio-edges=reported: this way to the lines reports none");
}

static const struct device lines = {
    .usage =
        "  --pin:NAME=LINE[,in|,out][,pull-up|,pull-down|,no-pull][,active-low][,no-edges]\n"
        "                 grants a line of the manifest; what is left out is as declared there\n"
        "  --gpio=cdev|mmio|sysfs\n"
        "                 the way to the lines (cdev)\n"
        "  --gpio-edges=auto|reported|sampled\n"
        "                 how edges are known (auto: reported, if the chip turns out to do so)\n"
        "  --gpio-period=MICROSECONDS\n"
        "                 between two looks at sampled lines (1000)\n"
        "  --gpio-chip=LABEL\n"
        "                 the chip, if not the Raspberry Pi's own\n",
    .option = option,
    .attach = attach,
    .refused = &gpio.refused,
};
TENDER_DEVICE(lines);
