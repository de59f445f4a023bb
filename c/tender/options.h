/* SPDX-License-Identifier: MIT */
/* The tender's command line. */
#ifndef RPIKIT_TENDER_OPTIONS_H
#define RPIKIT_TENDER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *target;       /* what KERNEL is made for; set before reading, as the next one */
    uint64_t memory_step;     /* bytes, a power of 2 */
    uint64_t memory_size;     /* bytes, a multiple of memory_step */
    const char *kernel;       /* path of the ELF file */
    const char *const *words; /* for the guest */
    uint32_t word_count;
};

/* Reads all of it; what is for a device goes there. Ends the tender when something is wrong. */
void options_read(struct options *options, int argc, char **argv);

/* Reads a decimal number of at most 9 digits up to (end), or to a comma if (end) is ','; moves
 * *(text) behind the digits. False if there is none, or something else follows. */
bool options_number(const char **text, char end, uint32_t *value);

/* The value of the hexadecimal digit (c), or 16 if it is none. */
uint32_t options_digit(char c);

/* What comes after (prefix) in (word), or NULL. */
const char *options_after(const char *word, const char *prefix);

#endif
