/* SPDX-License-Identifier: MIT */
/* A console made of memory. */
#include "backends/console.h"

#include "backends/fake/fake.h"

struct fake_console fake_console;

void backend_console_write(const char *data, size_t size)
{
    struct fake_console *console = &fake_console;
    size_t room = FAKE_CONSOLE_MAX - console->size;
    size_t taken = size < room ? size : room;

    for (size_t i = 0; i < taken; i++)
        console->text[console->size + i] = data[i];
    console->size += taken;
    console->text[console->size] = '\0';
}
