/* SPDX-License-Identifier: MIT */
/* Where console output goes. */
#ifndef RPIKIT_BACKENDS_CONSOLE_H
#define RPIKIT_BACKENDS_CONSOLE_H

#include <stddef.h>

/* Writes (size) bytes of (data), best effort: an error or a closed reader loses them, silently. */
void backend_console_write(const char *data, size_t size);

#endif
