/* SPDX-License-Identifier: MIT */
/* From the tender to the guest, in one process. */
#include "abi/spt.h"
#include "backends/linux/sys.h"
#include "backends/linux/vdso.h"
#include "lib/boot.h"
#include "lib/string.h"
#include "tender/report.h"
#include "tender/sandbox.h"
#include "tender/spt/guest.h"
#include "tender/spt/passage.h"

/* include/uapi/asm-generic/mman*.h, auxvec.h */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, AT_PAGESZ = 6 };
enum { MAP_PRIVATE = 0x2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };

/* What stays: the code, then the filter's program, then its steps. */
#define PROGRAM_AT 0x200u
#define STEPS_AT   (PROGRAM_AT + sizeof(struct filter_program))

static struct filter filter;

static long must(long result, const char *what)
{
    if (result < 0)
        fail("sandbox: %s: %s", what, sys_error_text(result));
    return result;
}

static uint64_t whole_pages(uint64_t size)
{
    const uint64_t page = auxiliary_value(AT_PAGESZ);

    return (size + page - 1) & ~(page - 1);
}

static void protect(const struct elf_segment *segment)
{
    const uint32_t flags = segment->flags;
    const long rights = (flags & ELF_R ? PROT_READ : 0) | (flags & ELF_W ? PROT_WRITE : 0) |
                        (flags & ELF_X ? PROT_EXEC : 0);

    if (whole_pages(segment->start) != segment->start || whole_pages(segment->end) != segment->end)
        fail("the guest's pages are smaller than this kernel's, which have %u bytes: link it with "
             "-z max-page-size=0x4000 or more",
             (unsigned int)auxiliary_value(AT_PAGESZ));
    must(sys_call3(SYS_MPROTECT, (long)segment->start, (long)(segment->end - segment->start),
                   rights),
         "protecting the guest's memory");
}

/* Returns the end of what stays. */
static uint64_t write_passage(struct filter_program program)
{
    const size_t code = (size_t)(passage_end - passage_start);
    const uint64_t size = whole_pages(STEPS_AT + program.size * sizeof(*program.step));
    const uintptr_t at =
        (uintptr_t)must(sys_call6(SYS_MMAP, PASSAGE_AT, (long)size, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                        "mapping the last steps");

    if (code > PROGRAM_AT)
        fail("sandbox: the last steps are too many");
    memcpy((void *)at, passage_start, code);
    memcpy((void *)(at + STEPS_AT), program.step, program.size * sizeof(*program.step));
    program.step = (const struct filter_step *)(at + STEPS_AT);
    memcpy((void *)(at + PROGRAM_AT), &program, sizeof(program));
    must(sys_call3(SYS_MPROTECT, (long)at, (long)size, PROT_READ | PROT_EXEC),
         "protecting the last steps");
    return PASSAGE_AT + size;
}

void guest_become(const struct guest *guest)
{
    const uint64_t after = write_passage(guest_filter(guest, &filter));

    if (guest_heap_executes)
        must(sys_call3(SYS_MPROTECT, (long)SPT_MEMORY_AT,
                       (long)(guest->memory_size - SPT_MEMORY_AT),
                       PROT_READ | PROT_WRITE | PROT_EXEC),
             "making the guest's heap executable");
    for (uint32_t i = 0; i < guest->plan->segments; i++)
        protect(&guest->plan->segment[i]);
    sandbox_give_up();
    sandbox_tell("guest", (struct filter_program){filter.size, filter.step});
    ((passage *)PASSAGE_AT)(whole_pages(guest->memory_size), after,
                            (const struct filter_program *)(PASSAGE_AT + PROGRAM_AT),
                            guest->plan->entry, SPT_BOOT_INFO_AT, BOOT_STACK(guest->memory_size));
    __builtin_unreachable();
}
