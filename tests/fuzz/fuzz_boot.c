/* SPDX-License-Identifier: MIT */
/* Boot information, manifest and command line. The input: the number of entries (1 byte), how many
 * times the words are repeated (1 byte), the manifest's entries, words that end with a NUL. */
#include "fuzz.h"

#include <sanitizer/asan_interface.h>

#include "lib/boot.h"

#define AREA_END  (HVT_BOOT_INFO_AT + 0x5000) /* of what is written, and some more */
#define WORDS_MAX 512

static uint8_t memory[AREA_END] __attribute__((aligned(4096)));
static union {
    struct mft mft;
    uint8_t bytes[sizeof(struct mft) + MFT_MAX_ENTRIES * sizeof(struct mft_entry)];
} manifest;

/* The words of (text), which ends with a NUL, until (size) bytes are used up. */
static uint32_t split(const char *text, size_t size, const char **words, uint32_t room)
{
    uint32_t count = 0;

    for (size_t at = 0; at < size && count < room; at += strlen(text + at) + 1)
        words[count++] = text + at;
    return count;
}

static void check_line(const char *line, const char *const *words, uint32_t count)
{
    const char *at = line;

    MUST(memchr(line, 0, HVT_CMDLINE_SIZE));
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = strlen(words[i]);
        MUST(i == 0 || *at++ == ' ');
        MUST(memcmp(at, words[i], size) == 0);
        at += size;
    }
    MUST(*at == '\0');
}

static size_t joined(const char *const *words, uint32_t count)
{
    size_t size = count > 0 ? count - 1 : 0;

    for (uint32_t i = 0; i < count; i++)
        size += strlen(words[i]);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    static const char *words[WORDS_MAX];
    uint8_t entries, repeat;

    take_bytes(&input, &entries, 1);
    take_bytes(&input, &repeat, 1);
    manifest.mft = (struct mft){.version = MFT_VERSION, .entries = 1 + entries % MFT_MAX_ENTRIES};
    const size_t manifest_size =
        sizeof(struct mft) + manifest.mft.entries * sizeof(struct mft_entry);
    take_bytes(&input, manifest.mft.e, manifest_size - sizeof(struct mft));

    const size_t length = input.left;
    char *text = calloc(1, length + 1);
    MUST(text);
    take_bytes(&input, text, length);
    uint32_t count = split(text, length, words, WORDS_MAX);
    for (const uint32_t once = count; repeat > 0 && count + once <= WORDS_MAX; repeat--) {
        memcpy(words + count, words, once * sizeof(words[0]));
        count += once;
    }

    const struct boot boot = {HVT_MEMORY_STEP, HVT_GUEST_MIN, 19200000, 0,
                              &manifest.mft,   words,         count};
    static bool poisoned;
    if (!poisoned)
        ASAN_POISON_MEMORY_REGION(memory, HVT_BOOT_INFO_AT);
    poisoned = true;
    const uint64_t line_at = HVT_BOOT_INFO_AT + sizeof(struct hvt_boot_info) + manifest_size;
    memset(memory + HVT_BOOT_INFO_AT, 0, AREA_END - HVT_BOOT_INFO_AT);
    ASAN_POISON_MEMORY_REGION(memory + line_at + HVT_CMDLINE_SIZE,
                              AREA_END - line_at - HVT_CMDLINE_SIZE);
    const bool fits = boot_write(memory, &boot);
    ASAN_UNPOISON_MEMORY_REGION(memory + HVT_BOOT_INFO_AT, AREA_END - HVT_BOOT_INFO_AT);
    const struct hvt_boot_info *info = (const void *)(memory + HVT_BOOT_INFO_AT);
    MUST(info->manifest == HVT_BOOT_INFO_AT + sizeof(*info) && info->cmdline == line_at);
    MUST(memcmp(memory + info->manifest, &manifest, manifest_size) == 0);
    MUST(fits == (joined(words, count) < HVT_CMDLINE_SIZE));
    if (fits)
        check_line((const char *)memory + line_at, words, count);
    free(text);
    return 0;
}
