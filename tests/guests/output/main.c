/* SPDX-License-Identifier: MIT */
/* Writes 4 KiB to the console at once: 64 lines of 63 letters. */
#include "../expect.h"

#define LINE 64 /* bytes, with the newline */
#define SIZE 4096

static char text[SIZE];

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    for (size_t i = 0; i < SIZE; i++)
        text[i] = i % LINE == LINE - 1 ? '\n' : (char)('A' + i / LINE % 26);
    solo5_console_write(text, SIZE);
    say("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}
