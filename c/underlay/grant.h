/* SPDX-License-Identifier: MIT */
/* What guests can be granted: one file for each kind, and linking it is enough. */
#ifndef RPIKIT_UNDERLAY_GRANT_H
#define RPIKIT_UNDERLAY_GRANT_H

#include "underlay/guest.h"

struct grant_kind {
    enum payload_kind number;
    /* Gives (guest), which is being made, what (one) says. NULL, or in a few words why not. */
    const char *(*take)(struct guest *guest, const struct payload_grant *one);
};

#define UNDERLAY_GRANT(name)                                                                       \
    static const struct grant_kind *const name##_kind                                              \
        __attribute__((used, section("underlay_grants"))) = &(name)

/* All that are linked; of underlay.lds. */
extern const struct grant_kind *const grant_kinds[], *const grant_kinds_end[];

#endif
