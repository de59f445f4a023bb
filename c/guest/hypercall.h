/* SPDX-License-Identifier: MIT */
/* The one function a guest platform is made of. */
#ifndef RPIKIT_GUEST_HYPERCALL_H
#define RPIKIT_GUEST_HYPERCALL_H

#include <stdint.h>

/* Makes call (number) with the argument block (args), which the host may write to. Returns when
 * the host is done; a call that ends the guest does not return. */
void hypercall(uint32_t number, const volatile void *args);

#endif
