/* SPDX-License-Identifier: MIT */
/* The tender's command line. */
#include "tender/options.h"

#include "abi/boot_info.h"
#include "lib/string.h"
#include "backends/linux/sys.h"
#include "tender/devices.h"
#include "tender/report.h"

#ifndef RPIKIT_VERSION
#define RPIKIT_VERSION "development"
#endif

#define MIB         UINT64_C(0x100000)
#define DEFAULT_MIB 512
#define DIGITS_MAX  9

enum { STDERR = 2 };

static void put(const char *text)
{
    sys_write(STDERR, text, strlen(text));
}

static void usage(const struct options *options) __attribute__((noreturn));

static void usage(const struct options *options)
{
    put("usage: rpikit-tender [OPTIONS] [--] KERNEL [ARGUMENTS...]\n"
        "Runs KERNEL, a Solo5 ");
    put(options->target);
    put(" unikernel, and hands it ARGUMENTS.\n"
        "  --mem=MIB      memory of the guest");
    put(options->memory_step > MIB ? ", in steps of 2 (512)\n" : " (512)\n");
    put("  --help         this text\n"
        "  --version      which tender this is\n");
    devices_usage(put);
    leave(1);
}

static void version(void) __attribute__((noreturn));

static void version(void)
{
    put("rpikit-tender " RPIKIT_VERSION "\nABI version 2\n");
    leave(0);
}

const char *options_after(const char *word, const char *prefix)
{
    const size_t size = strlen(prefix);

    return strncmp(word, prefix, size) == 0 ? word + size : NULL;
}

bool options_number(const char **text, char end, uint32_t *value)
{
    const char *at = *text;

    *value = 0;
    while (*at >= '0' && *at <= '9' && at - *text < DIGITS_MAX)
        *value = *value * 10 + (uint32_t)(*at++ - '0');
    if (at == *text || (*at != '\0' && *at != end))
        return false;
    *text = at;
    return true;
}

uint32_t options_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    c |= 0x20; /* a capital becomes small */
    return c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) : 16;
}

static uint64_t memory_size(const char *text, uint64_t step)
{
    const char *at = text;
    uint32_t mib;
    uint64_t size;

    if (!options_number(&at, '\0', &mib) || mib == 0)
        fail("--mem=%s: a number of MiB is expected, such as --mem=16", text);
    size = mib * MIB & ~(step - 1);
    if (size < step)
        size = step;
    if (size > HVT_MEMORY_MAX)
        size = HVT_MEMORY_MAX;
    if (size != mib * MIB)
        report("warning: memory is %u MiB, not %u: it goes in steps of %u MiB, up to 4096",
               (unsigned int)(size / MIB), mib, (unsigned int)(step / MIB));
    return size;
}

static void read_option(struct options *options, const char *word)
{
    const char *value = options_after(word, "--mem=");

    if (value) {
        options->memory_size = memory_size(value, options->memory_step);
        return;
    }
    if (strcmp(word, "--help") == 0)
        usage(options);
    if (strcmp(word, "--version") == 0)
        version();
    if (!devices_option(word)) {
        report("%s: no such option", word);
        usage(options);
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    int at = 1;

    options->memory_size = DEFAULT_MIB * MIB;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (argv[at][2] == '\0') {
            at++;
            break;
        }
        read_option(options, argv[at]);
    }
    if (at >= argc) {
        report("which KERNEL?");
        usage(options);
    }
    options->kernel = argv[at++];
    options->words = (const char *const *)&argv[at];
    options->word_count = (uint32_t)(argc - at);
}
