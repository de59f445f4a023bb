/* SPDX-License-Identifier: MIT */
/* Whose process the tender is while it serves a guest: not root's. */
#include "tender/user.h"

#include "backends/linux/sys.h"
#include "backends/linux/vdso.h"
#include "tender/devices.h"
#include "tender/options.h"
#include "tender/report.h"

#define OPTION "--user="
#define NOBODY 65534u /* as in Linux, include/linux/highuid.h, and its distributions */

enum { AT_UID = 11, AT_EUID = 12 }; /* include/uapi/linux/auxvec.h */

static uint32_t user = NOBODY, group = NOBODY;
static bool is_named;

static bool option(const char *word)
{
    const char *at = options_after(word, OPTION);

    if (!at)
        return false;
    is_named = options_number(&at, ':', &user);
    group = user;
    if (is_named && *at == ':') {
        at++;
        is_named = options_number(&at, '\0', &group);
    }
    if (!is_named)
        fail("%s: numbers of a user, and of a group if that is another, are expected, such as "
             OPTION "65534:65534", word);
    return true;
}

static bool is_root(void)
{
    return auxiliary_value(AT_UID) == 0 || auxiliary_value(AT_EUID) == 0;
}

static void must_become(long result)
{
    if (result < 0)
        fail("sandbox: becoming user %u, group %u: %s%s", user, group, sys_error_text(result),
             is_root() ? "; name others by " OPTION "UID[:GID], or stay root by " OPTION "0"
                       : ": only root can");
}

void user_drop(void)
{
    if (!is_named && !is_root())
        return;
    must_become(sys_call3(SYS_SETGROUPS, 0, 0, 0));
    must_become(sys_call3(SYS_SETRESGID, group, group, group));
    must_become(sys_call3(SYS_SETRESUID, user, user, user));
}

static void attach(struct mft *manifest, struct host *host)
{
    (void)manifest;
    (void)host;
}

static const struct device someone = {
    .usage = "  " OPTION "UID[:GID]\n"
             "                 who it is while the guest runs, if root starts it (65534)\n",
    .option = option,
    .attach = attach,
};
TENDER_DEVICE(someone);
