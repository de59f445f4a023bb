/* SPDX-License-Identifier: MIT */
/* The few memory and string functions that freestanding code, and its compiler, count on. */
#ifndef RPIKIT_LIB_STRING_H
#define RPIKIT_LIB_STRING_H

#include <stddef.h>

/* As in ISO C, with one promise more: no access is wider than its alignment allows, so that they
 * also work on device memory and with the MMU off. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);

#endif
