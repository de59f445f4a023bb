/* SPDX-License-Identifier: MIT */
/* A small printf into whatever takes text. */
#ifndef RPIKIT_LIB_FORMAT_H
#define RPIKIT_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Bytes of text that come in one piece; a shorter text is one piece. */
#define FORMAT_PIECE 512

/* Takes the next (size) bytes of (text), which is not NUL-terminated. */
typedef void (*format_sink)(void *self, const char *text, size_t size);

/* Hands (format) with its arguments filled in to (sink). Conversions: %s %c %d %u
 * %x %p %%, sizes l, ll and z, a decimal width, and 0 to fill it with zeros (else with blanks, on
 * the left). A conversion it does not know is printed as it stands. */
void format_to(format_sink sink, void *self, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same into (buffer) of (size) bytes, cut to fit and always NUL-terminated unless (size) is 0.
 * Returns the length of the whole text, which was cut if that is not below (size). */
size_t format_buffer(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t format_buffer_list(char *buffer, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
