/* SPDX-License-Identifier: MIT */
/* Tells the operator what is left, if asked to: read from the filter that is about to be installed. */
#include "tender/tell.h"

#include "backends/linux/verdict.h"
#include "lib/format.h"
#include "lib/string.h"
#include "tender/devices.h"
#include "tender/report.h"

#define NUMBERS   1024 /* more than Linux has calls */
#define NAME_MAX  16   /* characters, of a number and what stands around it */
#define CALLS_MAX 24   /* in a line */

static bool is_asked;

static bool option(const char *word)
{
    if (strcmp(word, "--verbose") != 0)
        return false;
    is_asked = true;
    return true;
}

void tell(const char *whose, struct filter_program program, long landlock)
{
    char calls[CALLS_MAX * NAME_MAX] = "";
    size_t used = 0;
    uint32_t count = 0;

    if (!is_asked)
        return;
    for (uint32_t number = 0; number < NUMBERS; number++) {
        const enum verdict verdict = filter_verdict(program, number);
        if (verdict == VERDICT_NEVER)
            continue;
        count++;
        used += format_buffer(calls + used, sizeof(calls) - used, " %u%s", number,
                              verdict == VERDICT_CHECKED ? "?" : "");
    }
    report("sandbox: Landlock %ld; %u system calls left to the %s (?: arguments checked):%s",
           landlock, count, whose, calls);
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)manifest;
    (void)host;
}

static const struct device verbose = {
    .usage = "  --verbose      says which system calls are left when the guest starts\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(verbose);
