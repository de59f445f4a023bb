/* SPDX-License-Identifier: MIT */
/* Guest memory as the tender's process holds it. */
#include "tender/memory.h"

#include "abi/boot_info.h"
#include "backends/linux/sys.h"
#include "backends/linux/vdso.h"
#include "tender/report.h"

/* include/uapi/asm-generic/mman*.h, auxvec.h */
enum { PROT_READ = 1, PROT_WRITE = 2, MADV_NOHUGEPAGE = 15, AT_PAGESZ = 6 };
enum { MAP_PRIVATE = 0x2, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000 };

void memory_map(struct guest_memory *memory, uint64_t size, uint64_t above)
{
    const long base = sys_call6(SYS_MMAP, 0, (long)(size + above), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (base < 0 && base > -4096)
        fail("Error allocating guest memory: %s; give less with --mem", sys_error_text(base));
    /* A huge page would make 2 MiB resident for the first byte a guest touches. */
    sys_call3(SYS_MADVISE, base, (long)(size + above), MADV_NOHUGEPAGE);
    memory->base = (uintptr_t)base;
    memory->size = size;
    memory->above = above;
}

/* Host pages can be larger than the guest's 4 KiB: those that hold anything else stay writable. */
static void protect(struct guest_memory *memory, uint64_t start, uint64_t end)
{
    const uint64_t page = auxiliary_value(AT_PAGESZ);
    const uint64_t first = (start + page - 1) & ~(page - 1), last = end & ~(page - 1);

    if (!guest_protect(memory, start, end))
        fail("too many read-only segments");
    if (first >= last)
        return;
    const long result =
        sys_call3(SYS_MPROTECT, (long)(memory->base + first), (long)(last - first), PROT_READ);
    if (result < 0)
        fail("Error protecting guest memory: %s", sys_error_text(result));
}

void memory_protect(struct guest_memory *memory, const struct elf_plan *plan)
{
    uint64_t start, end;
    uint32_t next = 0;

    if (!guest_protect(memory, 0, HVT_BOOT_INFO_AT))
        fail("too many read-only segments");
    while (elf_readonly(plan, &next, &start, &end))
        protect(memory, start, end);
}
