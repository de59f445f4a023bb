/* SPDX-License-Identifier: MIT */
/* What a guest finds at 0x10000: boot information, manifest, command line. */
#include "lib/boot.h"

#include "check.h"

static union {
    uint8_t bytes[0x20000];
    uint64_t align;
} memory;

static union {
    struct mft mft;
    uint8_t bytes[sizeof(struct mft) + MFT_MAX_ENTRIES * sizeof(struct mft_entry)];
} manifest;

static bool write_words(const char *const *words, uint32_t count)
{
    const struct boot boot = {
        .memory_size = 0x400000,
        .kernel_end = 0x108000,
        .counter_frequency = 19200000,
        .manifest = &manifest.mft,
        .words = words,
        .word_count = count,
    };

    memset(&memory, 0, sizeof(memory));
    return boot_write(&memory, &boot);
}

static const struct hvt_boot_info *info(void)
{
    return (const void *)&memory.bytes[HVT_BOOT_INFO_AT];
}

static const char *cmdline(void)
{
    return (const char *)&memory.bytes[info()->cmdline];
}

static void test_layout(void)
{
    manifest.mft.version = 1;
    manifest.mft.entries = 2;
    manifest.mft.e[1] = (struct mft_entry){.name = "lamp", .type = MFT_LINE, .attached = 1};
    CHECK(write_words((const char *[]){"one", "two"}, 2));
    CHECK_EQUAL(info()->memory_size, 0x400000);
    CHECK_EQUAL(info()->kernel_end, 0x108000);
    CHECK_EQUAL(info()->counter_frequency, 19200000);
    CHECK_EQUAL(info()->manifest, 0x10038);
    CHECK_EQUAL(info()->cmdline, 0x10038 + 8 + 2 * 104);
    CHECK_EQUAL(info()->features_offered, 0);
    CHECK_EQUAL(info()->ring, 0);
    CHECK(memcmp(&memory.bytes[0x10038], &manifest, 8 + 2 * 104) == 0);
    CHECK_TEXT(cmdline(), "one two");
}

static void test_empty_words(void)
{
    CHECK(write_words(NULL, 0));
    CHECK_TEXT(cmdline(), "");
    CHECK(write_words((const char *[]){"", ""}, 2));
    CHECK_TEXT(cmdline(), " ");
}

static void test_longest_cmdline(void)
{
    static char word[HVT_CMDLINE_SIZE + 1];

    memset(word, 'x', HVT_CMDLINE_SIZE - 1);
    CHECK(write_words((const char *[]){word}, 1));
    CHECK_EQUAL(strlen(cmdline()), 8191);
    CHECK(!write_words((const char *[]){word, ""}, 2));
    word[HVT_CMDLINE_SIZE - 1] = 'x';
    CHECK(!write_words((const char *[]){word}, 1));
    word[HVT_CMDLINE_SIZE - 3] = '\0';
    CHECK(write_words((const char *[]){word, "y"}, 2));
    CHECK(!write_words((const char *[]){word, "yy"}, 2));
}

static void test_largest_manifest(void)
{
    manifest.mft.entries = MFT_MAX_ENTRIES;
    CHECK(write_words((const char *[]){"x"}, 1));
    CHECK_EQUAL(info()->cmdline, 0x10038 + 8 + 64 * 104);
    CHECK_TEXT(cmdline(), "x");
}

int main(void)
{
    test_layout();
    test_empty_words();
    test_longest_cmdline();
    test_largest_manifest();
    return 0;
}
