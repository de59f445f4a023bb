/* SPDX-License-Identifier: MIT */
/* A small printf into whatever takes text. */
#include "lib/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

#define DIGITS_MAX 20 /* of UINT64_MAX in decimal */
#define WIDTH_MAX  4096

struct output {
    format_sink sink;
    void *self;
};

/* One conversion: what stands between the % and its letter. */
struct spec {
    size_t width;
    bool zeros;
    unsigned int longs; /* letters l; z counts as one */
};

static void put(const struct output *out, const char *text, size_t size)
{
    if (size > 0)
        out->sink(out->self, text, size);
}

static void pad(const struct output *out, size_t width, size_t size, bool zeros)
{
    for (; width > size; width--)
        put(out, zeros ? "0" : " ", 1);
}

static void put_text(const struct output *out, const struct spec *spec, const char *text,
                     size_t size)
{
    pad(out, spec->width, size, false);
    put(out, text, size);
}

static void put_number(const struct output *out, const struct spec *spec, const char *prefix,
                       uint64_t value, unsigned int base)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof(digits);
    const size_t ahead = strlen(prefix);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);

    const size_t size = ahead + sizeof(digits) - at;
    if (!spec->zeros)
        pad(out, spec->width, size, false);
    put(out, prefix, ahead);
    if (spec->zeros)
        pad(out, spec->width, size, true);
    put(out, &digits[at], sizeof(digits) - at);
}

static const char *read_spec(const char *at, struct spec *spec)
{
    *spec = (struct spec){0};
    for (; *at == '0'; at++)
        spec->zeros = true;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (spec->width < WIDTH_MAX)
            spec->width = spec->width * 10 + (size_t)(*at - '0');
    }
    for (; *at == 'l' || *at == 'z'; at++)
        spec->longs++;
    return at;
}

void format_to(format_sink sink, void *self, const char *format, va_list args)
{
    const struct output out = {.sink = sink, .self = self};
    va_list ap;

    va_copy(ap, args); /* its address may be taken, that of a parameter may not */
    while (*format != '\0') {
        const char *start = format;
        while (*format != '\0' && *format != '%')
            format++;
        put(&out, start, (size_t)(format - start));
        if (*format == '\0')
            break;

        struct spec spec;
        start = format;
        format = read_spec(format + 1, &spec);
        switch (*format) {
        case 's': {
            const char *text = va_arg(ap, const char *);
            if (!text)
                text = "(null)";
            put_text(&out, &spec, text, strlen(text));
            break;
        }
        case 'c': {
            const char letter = (char)va_arg(ap, int);
            put_text(&out, &spec, &letter, 1);
            break;
        }
        case 'd': {
            const int64_t value = spec.longs > 0 ? va_arg(ap, long long) : va_arg(ap, int);
            const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
            put_number(&out, &spec, value < 0 ? "-" : "", size, 10);
            break;
        }
        case 'u':
        case 'x': {
            const uint64_t value =
                spec.longs > 0 ? va_arg(ap, unsigned long long) : va_arg(ap, unsigned int);
            put_number(&out, &spec, "", value, *format == 'u' ? 10 : 16);
            break;
        }
        case 'p':
            put_number(&out, &spec, "0x", (uintptr_t)va_arg(ap, void *), 16);
            break;
        case '%':
            put(&out, "%", 1);
            break;
        case '\0':
            put(&out, start, (size_t)(format - start));
            continue;
        default:
            put(&out, start, (size_t)(format - start) + 1);
        }
        format++;
    }
    va_end(ap);
}

struct buffer {
    char *text;
    size_t size;
    size_t used; /* what would be used if it were large enough */
};

static void buffer_sink(void *self, const char *text, size_t size)
{
    struct buffer *buffer = self;

    if (buffer->used < buffer->size) {
        const size_t room = buffer->size - buffer->used;
        memcpy(buffer->text + buffer->used, text, size < room ? size : room);
    }
    buffer->used += size;
}

size_t format_buffer(char *buffer, size_t size, const char *format, ...)
{
    struct buffer to = {.text = buffer, .size = size > 0 ? size - 1 : 0};
    va_list args;

    va_start(args, format);
    format_to(buffer_sink, &to, format, args);
    va_end(args);
    if (size > 0)
        buffer[to.used < to.size ? to.used : to.size] = '\0';
    return to.used;
}
