/* SPDX-License-Identifier: MIT */
/* Last words, through whichever port the console is. */
#include "backends/bcm2837/uart.h"

void uart_say(const char *text)
{
    for (; *text != '\0'; text++) {
        while (!uart_send(*text))
            ;
    }
}
