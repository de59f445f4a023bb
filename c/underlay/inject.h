/* SPDX-License-Identifier: MIT */
/* Exceptions that the guest in this core takes as of EL1's own, or of a device's. */
#ifndef RPIKIT_UNDERLAY_INJECT_H
#define RPIKIT_UNDERLAY_INJECT_H

#include <stdint.h>

/* An instruction, or a register, that it does not have. */
void inject_undefined(void);

/* An external abort, as of an access that no device answers; (syndrome) is ESR_EL2 of that
 * access. */
void inject_abort(uint64_t syndrome);

#endif
