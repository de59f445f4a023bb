/* SPDX-License-Identifier: MIT */
/* The unikernel's file: checked as a whole, then copied into guest memory. */
#include "tender/load.h"

#include "backends/linux/sys.h"
#include "tender/report.h"

enum { FIRST_FREE_FD = 3 };

static uint64_t open_file(struct image *image)
{
    struct sys_stat status;
    /* Without waiting, in case it is a FIFO. */
    const long fd = sys_open(image->path, SYS_O_RDONLY | SYS_O_NONBLOCK);

    if (fd < 0)
        fail("%s: Could not open: %s", image->path, sys_error_text(fd));
    /* Else a descriptor of ours would take the place of the guest's console. */
    if (fd < FIRST_FREE_FD)
        fail("standard input, output and error must be open: use /dev/null for none");
    if (sys_fstat((int)fd, &status) != 0 || (status.mode & SYS_KIND_MASK) != SYS_KIND_REGULAR)
        fail("%s: not a regular file", image->path);
    image->fd = (int)fd;
    return (uint64_t)status.size;
}

static void read_at(const struct image *image, void *to, uint64_t size, uint64_t offset)
{
    uint8_t *at = to;

    while (size > 0) {
        const long got = sys_pread(image->fd, at, (size_t)size, offset);
        if (got == SYS_EINTR)
            continue;
        if (got < 0)
            fail("%s: Could not read: %s", image->path, sys_error_text(got));
        if (got == 0)
            fail("%s: Could not read: the file has become shorter", image->path);
        at += got;
        size -= (uint64_t)got;
        offset += (uint64_t)got;
    }
}

static void check(const struct image *image, const char *wrong)
{
    if (wrong)
        fail("%s: %s", image->path, wrong);
}

void load_check(struct image *image, const char *path, uint32_t target, uint64_t memory_size)
{
    uint8_t bytes[ELF_NOTE_MAX];
    struct elf_plan *plan = &image->plan;

    _Static_assert(sizeof(bytes) >= ELF_HEADER_SIZE && sizeof(bytes) >= ELF_TABLE_MAX,
                   "one buffer for each part in turn");
    image->path = path;
    const uint64_t size = open_file(image);
    read_at(image, bytes, size < ELF_HEADER_SIZE ? size : ELF_HEADER_SIZE, 0);
    check(image, elf_read_header(plan, bytes, size));
    read_at(image, bytes, plan->table.size, plan->table.offset);
    check(image, elf_find_notes(plan, bytes, size));
    for (uint32_t i = 0; i < plan->notes; i++) {
        const struct elf_part *note = &plan->note[i];
        const uint64_t have = note->size < sizeof(bytes) ? note->size : sizeof(bytes);
        read_at(image, bytes, have, note->offset);
        check(image, elf_read_note(&image->notes, bytes, (size_t)have, note->size));
    }
    check(image, elf_check_notes(&image->notes, target));
    read_at(image, bytes, plan->table.size, plan->table.offset);
    check(image, elf_read_table(plan, bytes, size, memory_size));
}

void load_copy(struct image *image, const struct guest_memory *memory)
{
    for (uint32_t i = 0; i < image->plan.segments; i++) {
        const struct elf_segment *segment = &image->plan.segment[i];
        read_at(image, (void *)(memory->base + (uintptr_t)segment->at), segment->file.size,
                segment->file.offset);
    }
    sys_close(image->fd);
}
