/* SPDX-License-Identifier: MIT */
/* The application's own libc. */
#ifndef PLAIN_LIBC_H
#define PLAIN_LIBC_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

#endif
