/* SPDX-License-Identifier: MIT */
/* The tender's own memory, once nothing in it has to change. */
#include "tender/seal.h"

#include "backends/linux/sealed.h"
#include "backends/linux/sys.h"
#include "backends/linux/vdso.h"

/* include/uapi/linux/auxvec.h, elf.h, asm-generic/mman-common.h */
enum { AT_PHDR = 3, AT_PHNUM = 5, AT_PAGESZ = 6 };
#define PART_LOADED 1u
#define PART_RELRO  0x6474e552u
enum { PROT_READ = 1 };

struct part {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* Has (part) changed up to its end, rounded to pages as (round) says. */
static long change(enum sys_number number, const struct part *part, uint64_t round, long rights)
{
    const uint64_t page = auxiliary_value(AT_PAGESZ);
    const uint64_t start = part->vaddr & ~(page - 1);
    const uint64_t end = (part->vaddr + part->memsz + round) & ~(page - 1);

    return sys_call3(number, (long)start, (long)(end - start), rights);
}

long seal(void)
{
    const struct part *const first = (const struct part *)auxiliary_value(AT_PHDR);
    const struct part *const end = first + auxiliary_value(AT_PHNUM);
    const uint64_t whole = auxiliary_value(AT_PAGESZ) - 1;

    for (const struct part *it = first; it < end; it++) {
        /* Where the kernel's pages are larger than the linker thought, what is left of the last one
         * stays writable, since other variables share it. */
        const long result = it->type == PART_RELRO ? change(SYS_MPROTECT, it, 0, PROT_READ) : 0;
        if (result < 0)
            return result;
    }
    for (const struct part *it = first; it < end; it++) {
        if (it->type == PART_LOADED && change(SYS_MSEAL, it, whole, 0) < 0)
            break; /* an older kernel: there the filter alone holds it */
    }
    return 0;
}
