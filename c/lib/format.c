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
    size_t size;
    char piece[FORMAT_PIECE];
};

/* One conversion: what stands between the % and its letter. */
struct spec {
    size_t width;
    bool zeros;
    unsigned int longs; /* letters l; z counts as one */
};

static void flush(struct output *out)
{
    if (out->size > 0)
        out->sink(out->self, out->piece, out->size);
    out->size = 0;
}

static void put_letter(struct output *out, char letter)
{
    if (out->size == sizeof(out->piece))
        flush(out);
    out->piece[out->size++] = letter;
}

static void put(struct output *out, const char *text, size_t size)
{
    for (; size > 0; size--)
        put_letter(out, *text++);
}

static void pad(struct output *out, size_t width, size_t size, bool zeros)
{
    for (; width > size; width--)
        put_letter(out, zeros ? '0' : ' ');
}

static void put_text(struct output *out, const struct spec *spec, const char *text, size_t size)
{
    pad(out, spec->width, size, false);
    put(out, text, size);
}

static void put_number(struct output *out, const struct spec *spec, const char *prefix,
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
    struct output out;
    va_list ap;

    out.sink = sink; /* one by one: an initialiser would clear the piece as well */
    out.self = self;
    out.size = 0;
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
            put_letter(&out, '%');
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
    flush(&out);
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

size_t format_buffer_list(char *buffer, size_t size, const char *format, va_list args)
{
    struct buffer to = {.text = buffer, .size = size > 0 ? size - 1 : 0};

    format_to(buffer_sink, &to, format, args);
    if (size > 0)
        buffer[to.used < to.size ? to.used : to.size] = '\0';
    return to.used;
}

size_t format_buffer(char *buffer, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const size_t used = format_buffer_list(buffer, size, format, args);
    va_end(args);
    return used;
}
