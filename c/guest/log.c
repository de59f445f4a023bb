/* SPDX-License-Identifier: MIT */
/* What the bindings themselves say on the console. */
#include "guest/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "abi/solo5.h"
#include "lib/format.h"
#include "lib/string.h"

static enum log_level log_level;

void log_set_level(enum log_level level)
{
    log_level = level;
}

static void console_sink(void *self, const char *text, size_t size)
{
    (void)self;
    solo5_console_write(text, size);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > log_level)
        return;
    va_start(args, format);
    format_to(console_sink, NULL, format, args);
    va_end(args);
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

/* The text behind (word) if (at) begins with it as a whole word, else NULL. */
static const char *take_word(const char *at, const char *word)
{
    const size_t size = strlen(word);

    if (strncmp(at, word, size) != 0 || (at[size] != ' ' && at[size] != '\0'))
        return NULL;
    return at + size;
}

static const char *take_option(const char *at, enum log_level *level)
{
    static const struct {
        char word[15];
        enum log_level level;
    } options[] = {
        {"--solo5:quiet", LOG_ERROR}, {"--solo5:error", LOG_ERROR}, {"--solo5:warn", LOG_WARN},
        {"--solo5:info", LOG_INFO},   {"--solo5:debug", LOG_DEBUG},
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *rest = take_word(at, options[i].word);
        if (rest) {
            *level = options[i].level;
            return rest;
        }
    }
    return NULL;
}

const char *log_take_options(const char *cmdline, enum log_level *level)
{
    const char *rest;

    cmdline = skip_blanks(cmdline);
    while ((rest = take_option(cmdline, level)) != NULL)
        cmdline = skip_blanks(rest);
    return cmdline;
}
