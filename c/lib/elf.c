/* SPDX-License-Identifier: MIT */
/* Reads a Solo5 ELF file out of bytes: every check first, then a plan of what goes where. */
#include "lib/elf.h"

#include "abi/boot_info.h"
#include "abi/spt.h"
#include "lib/string.h"

enum { ET_EXEC = 2, EM_AARCH64 = 183, PT_LOAD = 1, PT_NOTE = 4 };

/* Layouts and names: System V ABI, chapters 4 and 5, 64-bit. */
struct header {
    uint8_t magic[4], class, data, version, osabi[9];
    uint16_t type, machine;
    uint32_t version2;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct entry {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct note_header {
    uint32_t namesz, descsz, type;
    char name[8];
};

_Static_assert(sizeof(struct header) == ELF_HEADER_SIZE, "ELF64");
_Static_assert(sizeof(struct entry) == ELF_ENTRY_SIZE, "ELF64");
_Static_assert(sizeof(struct note_header) == SOLO5_NOTE_DESC_AT, "ELF note");

#define NOTE_SIZE    "note does not fall within valid size"
#define ABI_NOTE_MAX 32 /* bytes of descriptor: Solo5 accepts more than there are today */

static bool is_inside(uint64_t at, uint64_t size, uint64_t limit)
{
    return at <= limit && size <= limit - at;
}

const char *elf_read_header(struct elf_plan *plan, const void *header, uint64_t file_size)
{
    static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64 bits, little-endian */
    struct header h;

    if (file_size < sizeof(h))
        return "not an ELF file: too short";
    memcpy(&h, header, sizeof(h));
    if (memcmp(h.magic, ident, sizeof(h.magic)) != 0)
        return "not an ELF file";
    if (memcmp(h.magic, ident, sizeof(ident)) != 0 || h.version2 != 1)
        return "not a 64-bit little-endian ELF file of version 1";
    if (h.machine != EM_AARCH64)
        return "not made for aarch64";
    if (h.type != ET_EXEC)
        return "not a static executable (ET_EXEC)";
    if (h.ehsize != sizeof(h) || h.phentsize != sizeof(struct entry))
        return "header sizes other than those of ELF64";
    if (h.phnum == 0)
        return "no program headers";
    if (h.phnum > ELF_ENTRIES_MAX)
        return "more than 64 program headers";
    if (!is_inside(h.phoff, (uint64_t)h.phnum * sizeof(struct entry), file_size))
        return "program headers lie outside the file";

    plan->entry = h.entry;
    plan->table = (struct elf_part){h.phoff, (uint64_t)h.phnum * sizeof(struct entry)};
    return NULL;
}

static const char *add_segment(struct elf_plan *plan, const struct entry *e, uint64_t memory_size)
{
    struct elf_segment *segment = &plan->segment[plan->segments];
    uint64_t start, end;

    if (plan->segments == ELF_SEGMENTS_MAX)
        return "more than 32 PT_LOAD segments";
    if (e->memsz < e->filesz)
        return "a PT_LOAD is larger in the file than in memory";
    if (e->align == 0 || (e->align & (e->align - 1)) != 0)
        return "the alignment of a PT_LOAD is not a power of two";
    start = e->vaddr & ~(e->align - 1);
    if (start < HVT_GUEST_MIN)
        return "a PT_LOAD lies below 0x100000";
    if (!is_inside(e->vaddr, e->memsz, memory_size) ||
        __builtin_add_overflow(e->vaddr + e->memsz, e->align - 1, &end) ||
        (end & ~(e->align - 1)) > memory_size)
        return "a PT_LOAD lies outside guest memory: give it more, or the file is damaged";
    end &= ~(e->align - 1);
    if (start % ELF_PAGE != 0 || end % ELF_PAGE != 0)
        return "a PT_LOAD does not fill whole pages of 4096 bytes";
    if (start < plan->kernel_end)
        return "the PT_LOADs overlap or are not in ascending order";
    if ((e->flags & ELF_W) && (e->flags & ELF_X))
        return "a PT_LOAD is both writable and executable";

    *segment = (struct elf_segment){
        .start = start,
        .end = end,
        .at = e->vaddr,
        .file = {e->offset, e->filesz},
        .flags = e->flags & (ELF_R | ELF_W | ELF_X),
    };
    plan->kernel_end = end;
    plan->segments++;
    return NULL;
}

static const char *check_entry(const struct elf_plan *plan, uint64_t memory_size)
{
    if (plan->entry < HVT_GUEST_MIN || plan->entry >= memory_size)
        return "e_entry does not fall within guest memory";
    for (uint32_t i = 0; i < plan->segments; i++) {
        const struct elf_segment *segment = &plan->segment[i];
        if (plan->entry >= segment->start && plan->entry < segment->end && (segment->flags & ELF_X))
            return NULL;
    }
    return "e_entry does not fall within an executable segment";
}

static struct entry entry_at(const void *table, uint64_t at)
{
    struct entry e;

    memcpy(&e, (const uint8_t *)table + at, sizeof(e));
    return e;
}

static const char *add_note(struct elf_plan *plan, const struct entry *e, uint64_t file_size)
{
    if (e->filesz < offsetof(struct note_header, name))
        return NOTE_SIZE;
    if (e->filesz < sizeof(struct note_header))
        return NULL; /* too short to be Solo5's */
    if (!is_inside(e->offset, sizeof(struct note_header), file_size))
        return "a note lies outside the file: truncated?";
    if (plan->notes == ELF_NOTES_MAX)
        return "more than 8 PT_NOTEs";
    const uint64_t there = file_size - e->offset;
    plan->note[plan->notes++] =
        (struct elf_part){e->offset, e->filesz < there ? e->filesz : there};
    return NULL;
}

const char *elf_find_notes(struct elf_plan *plan, const void *table, uint64_t file_size)
{
    const char *wrong = NULL;

    plan->notes = 0;
    for (uint64_t at = 0; !wrong && at < plan->table.size; at += sizeof(struct entry)) {
        const struct entry e = entry_at(table, at);
        if (e.type == PT_NOTE)
            wrong = add_note(plan, &e, file_size);
    }
    return wrong;
}

const char *elf_read_table(struct elf_plan *plan, const void *table, uint64_t file_size,
                           uint64_t memory_size)
{
    plan->segments = 0;
    plan->kernel_end = 0;
    for (uint64_t at = 0; at < plan->table.size; at += sizeof(struct entry)) {
        const struct entry e = entry_at(table, at);
        /* Upstream's .bss is a PT_LOAD without a byte in the file, and counts for nothing. */
        if (e.type != PT_LOAD || e.filesz == 0)
            continue;
        if (!is_inside(e.offset, e.filesz, file_size))
            return "a segment lies outside the file: truncated?";
        const char *wrong = add_segment(plan, &e, memory_size);
        if (wrong)
            return wrong;
    }
    return check_entry(plan, memory_size);
}

/* Copies content that starts at (start) of the note, as far as there is (room), and takes the rest
 * of its descriptor, which has at most (max) bytes. */
static const char *take(void *to, uint32_t room, uint32_t max, uint32_t *taken, const void *note,
                        uint64_t size, uint32_t start)
{
    struct note_header h;
    const uint32_t padding = start - SOLO5_NOTE_DESC_AT;

    memcpy(&h, note, sizeof(h));
    if (h.descsz <= padding || h.descsz > max || h.descsz > size - sizeof(h))
        return NOTE_SIZE;
    if (*taken != 0)
        return "more than one note of the same type";
    *taken = h.descsz - padding < room ? h.descsz - padding : room;
    memcpy(to, (const uint8_t *)note + start, *taken);
    return NULL;
}

const char *elf_read_note(struct elf_notes *notes, const void *note, size_t have, uint64_t size)
{
    struct note_header h;

    if (size > have)
        size = have;
    if (size < sizeof(h))
        return NULL;
    memcpy(&h, note, sizeof(h));
    if (h.namesz != sizeof(SOLO5_NOTE_OWNER) ||
        memcmp(h.name, SOLO5_NOTE_OWNER, sizeof(SOLO5_NOTE_OWNER)) != 0)
        return NULL;
    if (h.type == SOLO5_NOTE_MANIFEST)
        return take(&notes->u, sizeof(notes->u), ELF_NOTE_MAX - SOLO5_NOTE_DESC_AT,
                    &notes->manifest_size, note, size, SOLO5_MANIFEST_NOTE_AT);
    if (h.type == SOLO5_NOTE_ABI)
        return take(&notes->abi, sizeof(notes->abi), ABI_NOTE_MAX, &notes->abi_size, note, size,
                    SOLO5_NOTE_DESC_AT);
    return NULL;
}

static bool is_name(const char *name)
{
    for (uint32_t i = 0; i <= MFT_NAME_MAX; i++) {
        if (name[i] == '\0')
            return true;
    }
    return false;
}

const char *elf_check_manifest(const struct elf_notes *notes)
{
    const struct mft *manifest = &notes->u.manifest;

    if (notes->manifest_size == 0)
        return "no Solo5 manifest in it: not a Solo5 executable";
    if (notes->manifest_size < sizeof(*manifest) || manifest->version != MFT_VERSION)
        return "a manifest of another version than 1";
    if (manifest->entries == 0 || manifest->entries > MFT_MAX_ENTRIES)
        return "a manifest of less than 1 or more than 64 entries";
    if (notes->manifest_size != sizeof(*manifest) + manifest->entries * sizeof(manifest->e[0]))
        return "a manifest whose size does not fit its number of entries";
    if (manifest->e[0].type != MFT_RESERVED_FIRST || manifest->e[0].name[0] != '\0')
        return "a manifest without its reserved first entry";
    for (uint32_t i = 0; i < manifest->entries; i++) {
        if (!is_name(manifest->e[i].name))
            return "a manifest with a name that does not end";
        if (manifest->e[i].attached)
            return "a manifest with a device attached already";
    }
    return NULL;
}

/* The versions of both ABIs are the same today. */
_Static_assert(HVT_ABI_VERSION == SPT_ABI_VERSION, "one check serves both");

const char *elf_check_notes(const struct elf_notes *notes, uint32_t target)
{
    const bool is_spt = target == SPT_ABI_TARGET;

    if (notes->abi_size == 0)
        return "no Solo5 ABI note in it: not a Solo5 executable";
    if (notes->abi_size < sizeof(notes->abi))
        return NOTE_SIZE;
    if (notes->abi.target != target)
        return is_spt ? "made for another target than spt" : "made for another target than hvt";
    if (notes->abi.version != HVT_ABI_VERSION)
        return is_spt ? "made for another version of the spt ABI than 2"
                      : "made for another version of the hvt ABI than 2";
    return elf_check_manifest(notes);
}

const char *elf_read(struct elf_plan *plan, struct elf_notes *notes, const void *file, size_t size,
                     uint64_t memory_size)
{
    const uint8_t *bytes = file;
    const char *wrong = elf_read_header(plan, bytes, size);

    if (!wrong)
        wrong = elf_find_notes(plan, bytes + plan->table.offset, size);
    notes->abi_size = notes->manifest_size = 0;
    for (uint32_t i = 0; !wrong && i < plan->notes; i++) {
        const struct elf_part *note = &plan->note[i];
        wrong = elf_read_note(notes, bytes + note->offset, (size_t)note->size, note->size);
    }
    if (!wrong)
        wrong = elf_check_notes(notes, HVT_ABI_TARGET);
    return wrong ? wrong
                 : elf_read_table(plan, bytes + plan->table.offset, size, memory_size);
}

bool elf_readonly(const struct elf_plan *plan, uint32_t *next, uint64_t *start, uint64_t *end)
{
    const bool is_first = *next == 0;
    bool found = is_first;

    if (is_first) {
        *start = HVT_BOOT_INFO_AT;
        *end = HVT_GUEST_MIN;
        *next = 1;
    }
    for (; *next <= plan->segments; (*next)++) {
        const struct elf_segment *segment = &plan->segment[*next - 1];
        if (segment->flags & ELF_W)
            continue;
        if (found && segment->start != *end)
            return true;
        if (!found)
            *start = segment->start;
        *end = segment->end;
        found = true;
    }
    return found;
}
