/* SPDX-License-Identifier: MIT */
/* Reading ELF files: a good one gives the right plan, a bad one a sentence, none a crash. */
#include "lib/elf.h"

#include "abi/boot_info.h"
#include "check.h"

#define MEMORY    UINT64_C(0x400000)
#define FILE_SIZE 0x3000
#define SEGMENTS  7

enum { INTERP, ABI, MANIFEST, TEXT, RODATA, DATA, BSS };

struct entry {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* A file as upstream lays its guests out: text for execution only, a .bss without bytes. */
struct file {
    union {
        uint8_t bytes[FILE_SIZE];
        struct {
            uint8_t ident[16];
            uint16_t type, machine;
            uint32_t version;
            uint64_t entry, phoff, shoff;
            uint32_t flags;
            uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
            struct entry e[SEGMENTS];
        } h;
    } u;
};

static struct file file;
static struct elf_plan plan;
static struct elf_notes notes;

static struct solo5_abi_note *abi_note(void)
{
    return (struct solo5_abi_note *)&file.u.bytes[0x1000];
}

static uint32_t *manifest_note(void)
{
    return (uint32_t *)&file.u.bytes[0x1040];
}

static struct mft *manifest(void)
{
    return (struct mft *)&file.u.bytes[0x1040 + SOLO5_MANIFEST_NOTE_AT];
}

static void make_file(void)
{
    const uint32_t manifest_size = 8 + 2 * sizeof(struct mft_entry);

    memset(&file, 0, sizeof(file));
    memcpy(file.u.h.ident, "\177ELF\2\1\1", 7);
    file.u.h.type = 2;
    file.u.h.machine = 183;
    file.u.h.version = 1;
    file.u.h.entry = 0x100040;
    file.u.h.phoff = 64;
    file.u.h.ehsize = 64;
    file.u.h.phentsize = 56;
    file.u.h.phnum = SEGMENTS;
    file.u.h.e[INTERP] = (struct entry){3, 4, 0x1000, 0x100000, 0, 24, 24, 1};
    file.u.h.e[ABI] = (struct entry){4, 4, 0x1000, 0x101000, 0, 36, 36, 4};
    file.u.h.e[MANIFEST] = (struct entry){4, 4, 0x1040, 0x101040, 0, 24 + manifest_size, 0, 8};
    file.u.h.e[TEXT] = (struct entry){1, 1, 0x1000, 0x100000, 0, 0x234, 0x234, 0x1000};
    file.u.h.e[RODATA] = (struct entry){1, 4, 0x1000, 0x101000, 0, 0x1000, 0x1000, 0x1000};
    file.u.h.e[DATA] = (struct entry){1, 6, 0x2010, 0x102010, 0, 0x20, 0x1400, 0x1000};
    file.u.h.e[BSS] = (struct entry){1, 6, 0, 0, 0, 0, 0, 0x1000};
    *abi_note() = (struct solo5_abi_note){6, 16, SOLO5_NOTE_ABI, "Solo5", {1, 2, {0, 0}}};
    memcpy(manifest_note(), &(uint32_t[]){6, 4 + manifest_size, SOLO5_NOTE_MANIFEST}, 12);
    memcpy(manifest_note() + 3, "Solo5", 6);
    manifest()->version = 1;
    manifest()->entries = 2;
    manifest()->e[0].type = MFT_RESERVED_FIRST;
    manifest()->e[1] = (struct mft_entry){.name = "lamp", .type = MFT_LINE};
}

static const char *read_file(void)
{
    return elf_read(&plan, &notes, &file, sizeof(file), MEMORY);
}

static void test_good_file(void)
{
    make_file();
    CHECK(read_file() == NULL);
    CHECK_EQUAL(plan.entry, 0x100040);
    CHECK_EQUAL(plan.segments, 3);
    CHECK_EQUAL(plan.segment[0].flags, ELF_X);
    CHECK_EQUAL(plan.segment[0].end, 0x101000);
    CHECK_EQUAL(plan.segment[2].start, 0x102000);
    CHECK_EQUAL(plan.segment[2].at, 0x102010);
    CHECK_EQUAL(plan.segment[2].end, 0x104000);
    CHECK_EQUAL(plan.segment[2].file.offset, 0x2010);
    CHECK_EQUAL(plan.segment[2].file.size, 0x20);
    CHECK_EQUAL(plan.kernel_end, 0x104000);
    CHECK_EQUAL(notes.u.manifest.entries, 2);
    CHECK_TEXT(notes.u.manifest.e[1].name, "lamp");
}

#define REFUSED(change, wrong)                                                                     \
    do {                                                                                           \
        make_file();                                                                               \
        change;                                                                                    \
        const char *is = read_file();                                                              \
        CHECK_TEXT(is ? is : "nothing wrong", wrong);                                              \
    } while (0)

static void test_header(void)
{
    REFUSED(file.u.h.ident[0] = 0, "not an ELF file");
    REFUSED(file.u.h.ident[4] = 1, "not a 64-bit little-endian ELF file of version 1");
    REFUSED(file.u.h.ident[5] = 2, "not a 64-bit little-endian ELF file of version 1");
    REFUSED(file.u.h.machine = 62, "not made for aarch64");
    REFUSED(file.u.h.type = 3, "not a static executable (ET_EXEC)");
    REFUSED(file.u.h.ehsize = 52, "header sizes other than those of ELF64");
    REFUSED(file.u.h.phentsize = 57, "header sizes other than those of ELF64");
    REFUSED(file.u.h.phnum = 0, "no program headers");
    REFUSED(file.u.h.phnum = 65, "more than 64 program headers");
    REFUSED(file.u.h.phoff = FILE_SIZE - 55, "program headers lie outside the file");
    REFUSED(file.u.h.phoff = UINT64_MAX, "program headers lie outside the file");
}

static void test_segments(void)
{
    static const char outside[] = "a segment lies outside the file: truncated?";
    static const char beyond[] =
        "a PT_LOAD lies outside guest memory: give it more, or the file is damaged";
    static const char order[] = "the PT_LOADs overlap or are not in ascending order";
    static const char pages[] = "a PT_LOAD does not fill whole pages of 4096 bytes";
    static const char power[] = "the alignment of a PT_LOAD is not a power of two";
    struct entry *text = &file.u.h.e[TEXT], *rodata = &file.u.h.e[RODATA];
    struct entry *data = &file.u.h.e[DATA];

    REFUSED(data->offset = FILE_SIZE, outside);
    REFUSED(data->offset = UINT64_MAX - 3, outside);
    REFUSED(data->filesz = UINT64_MAX, outside);
    REFUSED(data->memsz = 0x1f, "a PT_LOAD is larger in the file than in memory");
    REFUSED(data->memsz = MEMORY, beyond);
    REFUSED(data->memsz = UINT64_MAX, beyond);
    REFUSED(data->vaddr = UINT64_MAX & ~0xfffull, beyond);
    REFUSED(data->vaddr = MEMORY - 0x10, beyond);
    REFUSED(data->align = 0x800000, "a PT_LOAD lies below 0x100000");
    REFUSED(text->vaddr = 0xff000, "a PT_LOAD lies below 0x100000");
    REFUSED(data->align = 0, power);
    REFUSED(data->align = 0x1800, power);
    REFUSED(data->align = 16, pages);
    REFUSED(rodata->vaddr = 0x100800, order);
    REFUSED(data->vaddr = 0x101fff, order);
    REFUSED(*data = *text, order);
    REFUSED(text->flags = 3, "a PT_LOAD is both writable and executable");
}

static void test_entry(void)
{
    static const char memory[] = "e_entry does not fall within guest memory";
    static const char text[] = "e_entry does not fall within an executable segment";

    REFUSED(file.u.h.entry = 0xfffff, memory);
    REFUSED(file.u.h.entry = MEMORY, memory);
    REFUSED(file.u.h.entry = 0x101000, text);
    REFUSED(file.u.h.e[TEXT].flags = 4, text);
}

static void test_notes(void)
{
    static const char size[] = "note does not fall within valid size";
    static const char none[] = "no Solo5 ABI note in it: not a Solo5 executable";

    REFUSED(abi_note()->descsz = 33, size);
    REFUSED(abi_note()->descsz = 0, size);
    REFUSED(abi_note()->descsz = 8, size);
    REFUSED(file.u.h.e[ABI].filesz = 35, size);
    REFUSED(file.u.h.e[ABI].filesz = 11, size);
    REFUSED(file.u.h.e[ABI].filesz = 0, size);
    REFUSED(manifest_note()[1] = 4, size);
    REFUSED(manifest_note()[1] = 6669, size);
    REFUSED(manifest_note()[1] = UINT32_MAX, size);
    REFUSED(file.u.h.e[ABI].filesz = 19, none);
    REFUSED(abi_note()->name[0] = 's', none);
    REFUSED(abi_note()->namesz = 5, none);
    REFUSED(abi_note()->type = 1, none);
    REFUSED(abi_note()->abi.target = 2, "made for another target than hvt");
    REFUSED(abi_note()->abi.version = 3, "made for another version of the hvt ABI than 2");
    REFUSED(file.u.h.e[BSS] = file.u.h.e[ABI], "more than one note of the same type");
    REFUSED(file.u.h.e[MANIFEST].type = 0, "no Solo5 manifest in it: not a Solo5 executable");
    REFUSED(file.u.h.e[ABI].offset = FILE_SIZE - 19, "a note lies outside the file: truncated?");
    REFUSED(file.u.h.e[ABI].offset = UINT64_MAX, "a note lies outside the file: truncated?");
}

/* Solo5 takes an ABI note that has grown, up to 32 bytes. */
static void test_a_longer_abi_note(void)
{
    make_file();
    memset(abi_note() + 1, 0x5a, 16);
    abi_note()->descsz = 32;
    file.u.h.e[ABI].filesz = 52;
    CHECK(read_file() == NULL);
    CHECK_EQUAL(notes.abi.version, 2);
    CHECK_EQUAL(notes.abi_size, 16);
}

/* So that whoever takes the wrong file hears that, and not of the segments it has. */
static void test_notes_come_before_segments(void)
{
    REFUSED((abi_note()->descsz = 0, file.u.h.e[DATA].align = 0),
            "note does not fall within valid size");
    REFUSED((abi_note()->abi.target = 2, file.u.h.e[TEXT].type = 0, file.u.h.entry = 0),
            "made for another target than hvt");
}

static void test_manifest(void)
{
    static const char fit[] = "a manifest whose size does not fit its number of entries";
    static const char count[] = "a manifest of less than 1 or more than 64 entries";
    static const char first[] = "a manifest without its reserved first entry";

    REFUSED(manifest()->version = 2, "a manifest of another version than 1");
    REFUSED(manifest()->entries = 0, count);
    REFUSED(manifest()->entries = 65, count);
    REFUSED(manifest()->entries = 3, fit);
    REFUSED((manifest_note()[1]++, file.u.h.e[MANIFEST].filesz++), fit);
    REFUSED(manifest()->e[0].type = MFT_LINE, first);
    REFUSED(manifest()->e[0].name[0] = 'x', first);
    REFUSED(memset(manifest()->e[1].name, 'x', 68), "a manifest with a name that does not end");
    REFUSED(manifest()->e[1].attached = 1, "a manifest with a device attached already");
}

/* Every file that is accepted can be copied and mapped without another look. */
static void check_plan(size_t size)
{
    uint64_t end = HVT_GUEST_MIN;

    CHECK(plan.segments > 0 && plan.segments <= ELF_SEGMENTS_MAX);
    for (uint32_t i = 0; i < plan.segments; i++) {
        const struct elf_segment *segment = &plan.segment[i];
        CHECK(segment->start >= end && segment->end <= MEMORY && segment->start < segment->end);
        CHECK(segment->at >= segment->start && segment->at < segment->end);
        CHECK(segment->file.size <= segment->end - segment->at);
        CHECK(segment->file.offset <= size && segment->file.size <= size - segment->file.offset);
        CHECK((segment->flags & (ELF_W | ELF_X)) != (ELF_W | ELF_X));
        end = segment->end;
    }
    CHECK_EQUAL(plan.kernel_end, end);
}

static void test_truncated(void)
{
    for (size_t size = 0; size < 0x2030; size++) {
        make_file();
        uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizers see one byte too far */
        memcpy(exact, &file, size);
        CHECK(elf_read(&plan, &notes, exact, size, MEMORY) != NULL);
        free(exact);
    }
}

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

static void test_damaged(void)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff};
    const uint32_t interesting = 0x1040 + 24 + 8 + 2 * sizeof(struct mft_entry);
    uint64_t state = 1;
    uint32_t good = 0;

    for (int round = 0; round < 200000; round++) {
        make_file();
        for (uint32_t i = 1 + next_random(&state) % 4; i > 0; i--) {
            uint32_t at = next_random(&state) % interesting;
            if (at >= sizeof(file.u.h) && at < 0x1000)
                at %= sizeof(file.u.h);
            const uint32_t kind = next_random(&state);
            file.u.bytes[at] = kind % 2 ? odd[kind / 2 % 5] : (uint8_t)(kind >> 8);
        }
        if (read_file() == NULL) {
            check_plan(sizeof(file));
            good++;
        }
    }
    CHECK(good > 0);
}

static void test_what_may_not_be_written(void)
{
    const struct elf_plan some = {
        .segments = 5,
        .segment = {{.start = 0x100000, .end = 0x102000, .flags = ELF_R | ELF_X},
                    {.start = 0x102000, .end = 0x103000, .flags = ELF_R},
                    {.start = 0x103000, .end = 0x104000, .flags = ELF_R | ELF_W},
                    {.start = 0x104000, .end = 0x105000, .flags = ELF_R},
                    {.start = 0x106000, .end = 0x107000, .flags = 0}},
    };
    const uint64_t ranges[][2] = {
        {HVT_BOOT_INFO_AT, 0x103000}, {0x104000, 0x105000}, {0x106000, 0x107000}};
    uint64_t start, end;
    uint32_t next = 0;

    for (uint32_t i = 0; i < 3; i++) {
        CHECK(elf_readonly(&some, &next, &start, &end));
        CHECK_EQUAL(start, ranges[i][0]);
        CHECK_EQUAL(end, ranges[i][1]);
    }
    CHECK(!elf_readonly(&some, &next, &start, &end));
    CHECK(!elf_readonly(&some, &next, &start, &end));
    const struct elf_plan none = {.segments = 0};
    next = 0;
    CHECK(elf_readonly(&none, &next, &start, &end));
    CHECK_EQUAL(end, HVT_GUEST_MIN);
    CHECK(!elf_readonly(&none, &next, &start, &end));
}

int main(void)
{
    test_good_file();
    test_what_may_not_be_written();
    test_header();
    test_segments();
    test_entry();
    test_notes();
    test_a_longer_abi_note();
    test_notes_come_before_segments();
    test_manifest();
    test_truncated();
    test_damaged();
    return 0;
}
