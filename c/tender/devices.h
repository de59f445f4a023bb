/* SPDX-License-Identifier: MIT */
/* The devices of the manifest on the tender's side: options, and what is attached. */
#ifndef RPIKIT_TENDER_DEVICES_H
#define RPIKIT_TENDER_DEVICES_H

#include <stdbool.h>

#include "abi/manifest.h"
#include "backends/linux/failures.h"
#include "dispatch/host.h"

struct device {
    const char *usage; /* lines of --help for its options */
    /* Takes (word) of the command line, or returns false if it is not for this device. */
    bool (*option)(const char *word);
    /* Opens what the options say, marks it in (manifest) and hands it to (host). */
    void (*attach)(struct mft *manifest, struct host *host);
    /* Adds to the machine (vm) what the guest shall reach besides its memory, of which (memory) is
     * the host's view; may be NULL. */
    void (*map)(int vm, void *memory);
    /* What went wrong while the guest ran, told at its end (sum_up.c): what failed, with the words
     * that come before the device's name; and calls that were refused. Either may be NULL. */
    const struct failures *failures;
    const char *failed;
    const uint64_t *refused;
};

/* Linking the file is enough: a tender without it does not know the options. */
#define TENDER_DEVICE(name)                                                                        \
    static const struct device *const name##_device                                                \
        __attribute__((used, section("tender_devices"))) = &(name)

/* For options: if (word) begins with (prefix), keeps what follows in the (max) places of (taken),
 * of which *(count) are in use. Ends the tender if there is no room. */
bool devices_take(const char *word, const char *prefix, const char **taken, uint32_t *count,
                  uint32_t max);

/* The entry of (type) that *(text), NAME=VALUE, names, and *(text) moves to VALUE; or NULL. */
struct mft_entry *devices_named(struct mft *manifest, uint32_t type, const char **text);

/* The same for a grant (option)*(text) of a (kind) of device: ends the tender unless there is such
 * an entry, which is not attached yet. */
struct mft_entry *devices_granted(struct mft *manifest, uint32_t type, const char *kind,
                                  const char *option, const char **text);

/* All that are linked, and the manifest as it was attached; NULL before. */
extern const struct device *const devices[] __asm__("__start_tender_devices");
extern const struct device *const devices_end[] __asm__("__stop_tender_devices");
extern const struct mft *devices_declared;

bool devices_option(const char *word);
void devices_usage(void (*put)(const char *text));

/* Memory that the guest shares with a thread which serves it beside the calls. */
struct devices_shared {
    uint64_t size; /* bytes, a multiple of HVT_MEMORY_STEP, above the guest's own memory */
    /* In this order: the memory lies at (at); the machine's descriptor is (vm); all rights but the
     * filter's have been dropped; the guest has halted. */
    void (*map)(struct host *host, void *at);
    void (*machine)(int vm);
    void (*start)(void);
    void (*finish)(void);
};

/* NULL: none. Set when devices are attached. */
extern const struct devices_shared *devices_shared;

/* Attaches everything; ends the tender if a required device is left over. */
void devices_attach(struct mft *manifest, struct host *host);

void devices_map(int vm, void *memory);

#endif
