/* SPDX-License-Identifier: MIT */
/* Functions the kernel puts into every process, which do without a system call. */
#include "backends/linux/vdso.h"

#include <stddef.h>

#include "lib/string.h"

enum { AT_SYSINFO_EHDR = 33 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, DT_STRTAB = 5, DT_SYMTAB = 6 };

/* Layouts: System V ABI, chapters 4 and 5, 64-bit. */
struct header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct dynamic {
    int64_t tag;
    uint64_t value;
};

struct symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

const uint64_t *auxiliary_vector;

uint64_t auxiliary_value(uint64_t type)
{
    for (const uint64_t *at = auxiliary_vector; at[0] != 0; at += 2) {
        if (at[0] == type)
            return at[1];
    }
    return 0;
}

void *vdso_find(const char *name)
{
    const uint64_t image = auxiliary_value(AT_SYSINFO_EHDR);
    const struct header *header = (const struct header *)image;
    const struct dynamic *dynamic = NULL;
    uint64_t base = 0, strings = 0, symbols = 0;

    if (image == 0)
        return NULL;
    const struct segment *segment = (const struct segment *)(image + header->phoff);
    for (uint32_t i = 0; i < header->phnum; i++) {
        if (segment[i].type == PT_LOAD)
            base = image + segment[i].offset - segment[i].vaddr;
        if (segment[i].type == PT_DYNAMIC)
            dynamic = (const struct dynamic *)(image + segment[i].offset);
    }
    for (; dynamic && dynamic->tag != 0; dynamic++) {
        if (dynamic->tag == DT_STRTAB)
            strings = base + dynamic->value;
        if (dynamic->tag == DT_SYMTAB)
            symbols = base + dynamic->value;
    }
    /* Linux lays the names right behind the symbols, which tells how many there are. */
    for (; symbols != 0 && symbols + sizeof(struct symbol) <= strings;
         symbols += sizeof(struct symbol)) {
        const struct symbol *symbol = (const struct symbol *)symbols;
        if (symbol->section != 0 && strcmp((const char *)strings + symbol->name, name) == 0)
            return (void *)(base + symbol->value);
    }
    return NULL;
}
