/* SPDX-License-Identifier: MIT */
/* Attaches devices on I2C buses: --i2c:NAME=BUS@ADDRESS. */
#include "backends/linux/i2c.h"

#include "tender/devices.h"
#include "tender/options.h"
#include "tender/report.h"

#define OPTIONS_MAX (MFT_MAX_ENTRIES - 1)
#define OPTION      "--i2c:"
#define BUS_MAX     255

static const char *grants[OPTIONS_MAX]; /* NAME=... of each option */
static uint32_t grant_count;

static bool option(const char *word)
{
    return devices_take(word, OPTION, grants, &grant_count, OPTIONS_MAX);
}

/* Reads 0x and one or two digits, as i2cdetect shows them. */
static bool read_address(const char *text, uint32_t *address)
{
    const char *at = options_after(text, "0x");

    if (!at || options_digit(at[0]) > 15)
        return false;
    *address = options_digit(*at++);
    if (*at != '\0' && options_digit(*at) < 16)
        *address = *address * 16 + options_digit(*at++);
    return *at == '\0' && *address >= I2C_ADDRESS_FIRST && *address <= I2C_ADDRESS_LAST;
}

static void refuse_twice(const struct mft *manifest, const struct mft_i2c *grant, const char *text)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        const struct mft_entry *it = &manifest->e[i];
        if (it->type == MFT_I2C && it->attached && it->u.i2c.bus == grant->bus &&
            it->u.i2c.address == grant->address)
            fail(OPTION "%s: this device was granted before, as %s", text, it->name);
    }
}

static void grant(struct mft *manifest, const char *text)
{
    struct i2c_trouble trouble;
    const char *value = text;
    struct mft_entry *entry = devices_granted(manifest, MFT_I2C, "I2C device", OPTION, &value);
    uint32_t bus, address;

    if (!options_number(&value, '@', &bus) || bus > BUS_MAX || *value != '@' ||
        !read_address(value + 1, &address))
        fail(OPTION "%s: BUS@ADDRESS is expected, such as 1@0x48; addresses are 0x08 to 0x77", text);
    const struct mft_i2c granted = {.bus = (uint16_t)bus, .address = (uint16_t)address};
    refuse_twice(manifest, &granted, text);
    if (i2c_open((uint32_t)(entry - manifest->e), bus, address, &trouble) < 0)
        fail("%s", trouble.text);
    entry->u.i2c = granted;
    entry->attached = 1;
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)host;
    for (uint32_t i = 0; i < grant_count; i++)
        grant(manifest, grants[i]);
}

static const struct device i2c = {
    .usage = "  --i2c:NAME=BUS@ADDRESS\n"
             "                 attaches the device at ADDRESS of /dev/i2c-BUS as I2C device NAME\n",
    .option = option,
    .attach = attach,
    .failures = &i2c_failures,
    .failed = "transfers failed, the last one with I2C device",
};
TENDER_DEVICE(i2c);
