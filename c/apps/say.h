/* SPDX-License-Identifier: MIT */
/* A printf onto the console, for small applications. */
#ifndef RPIKIT_APPS_SAY_H
#define RPIKIT_APPS_SAY_H

#include <solo5.h>
#include <stdarg.h>

#include "lib/format.h"

static inline void say_sink(void *self, const char *text, size_t size)
{
    (void)self;
    solo5_console_write(text, size);
}

/* Prints (format), with the conversions lib/format knows. */
__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    format_to(say_sink, NULL, format, args);
    va_end(args);
}

#endif
