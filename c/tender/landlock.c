/* SPDX-License-Identifier: MIT */
/* No way to a file by its name: a set of Landlock's rules without a rule allows nothing. */
#include "tender/landlock.h"

#include "backends/linux/sys.h"

/* include/uapi/linux/landlock.h; versions: Documentation/userspace-api/landlock.rst */
enum { ASK_VERSION = 1 };
enum { FOR_NETWORKS = 4, FOR_SCOPES = 6 }; /* the first versions with the last two words */

struct rules {
    uint64_t files, networks, scopes;
};

/* All rights there are in (version): of 13 to begin with, refer, truncate and ioctl came later. */
static uint64_t file_rights(long version)
{
    const uint32_t rights = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;

    return (UINT64_C(1) << rights) - 1;
}

long landlock_enter(void)
{
    const long version = sys_call3(SYS_LANDLOCK_CREATE_RULESET, 0, 0, ASK_VERSION);
    const struct rules rules = {
        .files = file_rights(version),
        .networks = version >= FOR_NETWORKS ? 3 : 0, /* bind and connect TCP */
        .scopes = version >= FOR_SCOPES ? 3 : 0, /* abstract sockets and signals */
    };

    if (version < 1)
        return 0; /* not built into this kernel, or not switched on */
    const long made =
        sys_call3(SYS_LANDLOCK_CREATE_RULESET, (long)(uintptr_t)&rules, sizeof(rules), 0);
    if (made < 0)
        return made;
    const long entered = sys_call3(SYS_LANDLOCK_RESTRICT_SELF, made, 0, 0);
    sys_close((int)made);
    return entered < 0 ? entered : version;
}
