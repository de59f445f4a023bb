/* SPDX-License-Identifier: MIT */
/* Functions the kernel puts into every process, which do without a system call. */
#ifndef RPIKIT_BACKENDS_LINUX_VDSO_H
#define RPIKIT_BACKENDS_LINUX_VDSO_H

#include <stdint.h>

/* The auxiliary vector of this process: pairs of type and value, the last of type 0. Set at the
 * very start of the program. */
extern const uint64_t *auxiliary_vector;

/* The value of (type) there, or 0. */
uint64_t auxiliary_value(uint64_t type);

/* The function (name) of the vDSO, or NULL. */
void *vdso_find(const char *name);

#endif
