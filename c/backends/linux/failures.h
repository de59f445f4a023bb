/* SPDX-License-Identifier: MIT */
/* What failed while the guest ran, for the operator, who is told at the end. */
#ifndef RPIKIT_BACKENDS_LINUX_FAILURES_H
#define RPIKIT_BACKENDS_LINUX_FAILURES_H

#include <stdint.h>

struct failures {
    uint64_t count;
    uint32_t handle; /* of the device of the last one */
    long error;      /* of the last one, enum sys_error; 0: less was moved than asked for */
};

static inline void failures_add(struct failures *failures, uint32_t handle, long error)
{
    failures->count++;
    failures->handle = handle;
    failures->error = error;
}

#endif
