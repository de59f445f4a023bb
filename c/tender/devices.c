/* SPDX-License-Identifier: MIT */
/* The devices of the manifest on the tender's side: options, and what is attached. */
#include "tender/devices.h"

#include "backends/linux/sealed.h"
#include "backends/linux/sys.h"
#include "tender/options.h"
#include "tender/report.h"

const struct devices_shared *devices_shared SEALED;

const struct mft *devices_declared SEALED;

/* One that takes no options and attaches nothing: without any, the list would have no place. */
static bool no_option(const char *word)
{
    (void)word;
    return false;
}

static void attach_nothing(struct mft *manifest, struct host *host)
{
    (void)manifest;
    (void)host;
}

static const struct device none = {.usage = "", .option = no_option, .attach = attach_nothing};
TENDER_DEVICE(none);

bool devices_take(const char *word, const char *prefix, const char **taken, uint32_t *count,
                  uint32_t max)
{
    const char *value = options_after(word, prefix);

    if (!value)
        return false;
    if (*count == max)
        fail("more than %u options %s", max, prefix);
    taken[(*count)++] = value;
    return true;
}

struct mft_entry *devices_named(struct mft *manifest, uint32_t type, const char **text)
{
    for (uint32_t i = 1; i < manifest->entries; i++) {
        struct mft_entry *entry = &manifest->e[i];
        const char *rest = options_after(*text, entry->name);
        if (entry->type == type && rest && *rest == '=') {
            *text = rest + 1;
            return entry;
        }
    }
    return NULL;
}

struct mft_entry *devices_granted(struct mft *manifest, uint32_t type, const char *kind,
                                  const char *option, const char **text)
{
    const char *const grant = *text;
    struct mft_entry *entry = devices_named(manifest, type, text);

    if (!entry)
        fail("%s%s: the manifest declares no %s of that name", option, grant, kind);
    if (entry->attached)
        fail("%s%s: %s was attached before", option, grant, entry->name);
    return entry;
}

bool devices_option(const char *word)
{
    for (const struct device *const *it = devices; it < devices_end; it++) {
        if ((*it)->option(word))
            return true;
    }
    return false;
}

void devices_usage(void (*put)(const char *text))
{
    for (const struct device *const *it = devices; it < devices_end; it++)
        put((*it)->usage);
}

static const char *type_name(uint32_t type)
{
    switch (type) {
    case MFT_BLOCK_BASIC:
        return "BLOCK_BASIC";
    case MFT_NET_BASIC:
        return "NET_BASIC";
    default:
        return "<undefined type>";
    }
}

void devices_attach(struct mft *manifest, struct host *host)
{
    devices_declared = manifest;
    for (const struct device *const *it = devices; it < devices_end; it++)
        (*it)->attach(manifest, host);
    for (uint32_t i = 0; i < manifest->entries; i++) {
        const struct mft_entry *entry = &manifest->e[i];
        if (entry->type < MFT_RESERVED_FIRST && !entry->attached)
            fail("Device '%s' of type %s declared but not attached.", entry->name,
                 type_name(entry->type));
    }
}

void devices_map(int vm, void *memory)
{
    for (const struct device *const *it = devices; it < devices_end; it++) {
        if ((*it)->map)
            (*it)->map(vm, memory);
    }
}
