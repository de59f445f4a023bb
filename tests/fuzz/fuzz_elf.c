/* SPDX-License-Identifier: MIT */
/* The loader of ELF files on a whole file: what it accepts can be loaded, and nothing else is. */
#include "fuzz.h"

#include "abi/boot_info.h"
#include "abi/spt.h"
#include "lib/elf.h"

#define STEPS_MAX 4

static uint8_t memory[STEPS_MAX * HVT_MEMORY_STEP];

static void check_segment(const struct elf_segment *it, uint64_t floor, uint64_t memory_size,
                          size_t size)
{
    MUST(it->start >= floor && it->start >= HVT_GUEST_MIN && it->start < it->end);
    MUST(it->end <= memory_size);
    MUST(it->start % ELF_PAGE == 0 && it->end % ELF_PAGE == 0);
    MUST(!((it->flags & ELF_W) && (it->flags & ELF_X)));
    MUST(it->at >= it->start && it->at <= it->end && it->file.size <= it->end - it->at);
    MUST(it->file.offset <= size && it->file.size <= size - it->file.offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_plan plan;
    static struct elf_notes notes;
    /* Byte 15 of an ELF file is padding, which the loader does not read. */
    const uint64_t memory_size = HVT_MEMORY_STEP * (1 + (size > 15 ? data[15] % STEPS_MAX : 0u));
    int executable = 0;

    memset(&plan, 0xa5, sizeof(plan));
    if (elf_read(&plan, &notes, data, size, memory_size))
        return 0;
    MUST(plan.segments > 0 && plan.segments <= ELF_SEGMENTS_MAX && plan.notes <= ELF_NOTES_MAX);
    MUST(plan.table.offset <= size && plan.table.size <= size - plan.table.offset);
    uint64_t floor = 0;
    for (uint32_t i = 0; i < plan.segments; i++) {
        const struct elf_segment *it = &plan.segment[i];
        check_segment(it, floor, memory_size, size);
        floor = it->end;
        executable |= (it->flags & ELF_X) && plan.entry >= it->start && plan.entry < it->end;
        memcpy(memory + it->at, data + it->file.offset, it->file.size);
    }
    MUST(executable && plan.kernel_end == floor);
    MUST(notes.abi.target == HVT_ABI_TARGET && notes.abi.version == HVT_ABI_VERSION);
    MUST(elf_check_notes(&notes, SPT_ABI_TARGET) != NULL);
    return 0;
}
