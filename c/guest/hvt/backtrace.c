/* SPDX-License-Identifier: MIT */
/* The calls of an hvt guest, by the frame records of AAPCS64: the caller's record, its address. */
#include "guest/backtrace.h"

#include <stddef.h>

#define CALLS_MAX 16
#define BUILD_AT  16 /* bytes of a build id's note before the id: ELF, "GNU" */

extern const char _etext[]; /* from the linker script */

/* Also from the linker script; that of another build may know nothing of build ids. */
extern const unsigned char _sbuild[] __attribute__((weak)), _ebuild[] __attribute__((weak));

static const struct span {
    const unsigned char *begin, *end;
} build_note = {_sbuild, _ebuild};

static bool reading;
static uintptr_t memory_end; /* 0: not known yet, and no record is read */

void backtrace_start(uint64_t memory_size)
{
    memory_end = memory_size;
}

bool backtrace_is_reading(void)
{
    return reading;
}

uint64_t backtrace_build(void)
{
    const struct span *note = &build_note;
    uint64_t build;

    /* Code that names them itself would need a table of addresses, in a page of every guest. */
    __asm__("" : "+r"(note));
    if ((size_t)(note->end - note->begin) < BUILD_AT + sizeof(build))
        return 0;
    __builtin_memcpy(&build, note->begin + BUILD_AT, sizeof(build));
    return __builtin_bswap64(build);
}

/* A record that lies elsewhere is not read: text may not be readable, and beyond memory there is
 * nothing. */
static bool is_record(uintptr_t frame)
{
    return frame % sizeof(uintptr_t) == 0 && frame >= (uintptr_t)_etext && frame < memory_end &&
           memory_end - frame >= 2 * sizeof(uintptr_t);
}

void backtrace_say(enum log_level level, uintptr_t frame)
{
    log_write(level, "Solo5: backtrace of build %016lx\n", backtrace_build());
    reading = true;
    for (unsigned int call = 0; call < CALLS_MAX && is_record(frame); call++) {
        const volatile uintptr_t *record = (const volatile uintptr_t *)frame;
        const uintptr_t caller = record[0], address = record[1];

        if (address == 0)
            break;
        log_write(level, "Solo5: backtrace: 0x%016lx\n", (uint64_t)address);
        if (caller <= frame)
            break;
        frame = caller;
    }
    reading = false;
}
