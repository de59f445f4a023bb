/* SPDX-License-Identifier: MIT */
/* Attaches devices on SPI buses: --spi:NAME=BUS.CHIP_SELECT. */
#include "backends/linux/spi.h"

#include <stddef.h>

#include "tender/devices.h"
#include "tender/options.h"
#include "tender/report.h"

#define OPTIONS_MAX (MFT_MAX_ENTRIES - 1)
#define OPTION      "--spi:"
#define NUMBER_MAX  255
#define MODE_MAX    3

static const char *grants[OPTIONS_MAX]; /* NAME=... of each option */
static uint32_t grant_count;

static bool option(const char *word)
{
    return devices_take(word, OPTION, grants, &grant_count, OPTIONS_MAX);
}

/* Reads [,mode=N][,speed=HZ]; what is left out is as in the manifest. */
static void read_rest(const char *text, const char *at, struct spi_grant *grant)
{
    while (*at == ',') {
        const char *value;
        uint32_t *into = NULL;
        if ((value = options_after(at, ",mode=")))
            into = &grant->mode;
        else if ((value = options_after(at, ",speed=")))
            into = &grant->speed;
        if (!into || !options_number(&value, ',', into))
            fail(OPTION "%s: '%s' is neither mode=N nor speed=HZ", text, at + 1);
        at = value;
    }
    if (grant->mode > MODE_MAX)
        fail(OPTION "%s: modes are 0 to %d", text, MODE_MAX);
    if (grant->speed == 0)
        fail(OPTION "%s: a speed is expected, such as speed=1000000", text);
}

static void refuse_twice(const struct mft *manifest, const struct spi_grant *grant,
                         const char *text)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *it = &manifest->e[i];
        if (it->type == MFT_SPI && it->attached && it->u.spi.bus == grant->bus &&
            it->u.spi.chip_select == grant->chip_select)
            fail(OPTION "%s: this device was granted before, as %s", text, it->name);
    }
}

static void grant(struct mft *manifest, const char *text)
{
    struct spi_trouble trouble;
    struct spi_grant wish;
    const char *value = text;
    struct mft_entry *entry = devices_granted(manifest, MFT_SPI, "SPI device", OPTION, &value);

    wish.mode = entry->u.spi.mode;
    wish.speed = entry->u.spi.speed;
    if (!options_number(&value, '.', &wish.bus) || wish.bus > NUMBER_MAX || *value++ != '.' ||
        !options_number(&value, ',', &wish.chip_select) || wish.chip_select > NUMBER_MAX)
        fail(OPTION "%s: BUS.CHIP_SELECT is expected, such as 0.1", text);
    read_rest(text, value, &wish);
    refuse_twice(manifest, &wish, text);
    if (spi_open((uint32_t)(entry - manifest->e), &wish, &trouble) < 0)
        fail("%s", trouble.text);
    entry->u.spi = (struct mft_spi){
        .bus = (uint16_t)wish.bus,
        .chip_select = (uint8_t)wish.chip_select,
        .mode = (uint8_t)wish.mode,
        .speed = wish.speed,
    };
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)host;
    for (uint32_t i = 0; i < grant_count; i++)
        grant(manifest, grants[i]);
}

static const struct device spi = {
    .usage = "  --spi:NAME=BUS.CHIP_SELECT[,mode=N][,speed=HZ]\n"
             "                 attaches /dev/spidevBUS.CHIP_SELECT as SPI device NAME; what is left\n"
             "                 out is as in the manifest\n",
    .option = option,
    .attach = attach,
    .failures = &spi_failures,
    .failed = "transfers failed, the last one with SPI device",
};
TENDER_DEVICE(spi);
