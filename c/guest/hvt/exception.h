/* SPDX-License-Identifier: MIT */
/* What an hvt guest says about an exception before it ends. */
#ifndef RPIKIT_GUEST_HVT_EXCEPTION_H
#define RPIKIT_GUEST_HVT_EXCEPTION_H

#include <stdint.h>

/* Reports an exception taken through entry (vector), 0 to 15, of the table while the stack pointer
 * was (sp), the link register (lr) and the frame pointer (fp), and aborts the guest. An exception
 * during the report ends the guest without another word. */
void exception_report(uint64_t vector, uint64_t sp, uint64_t lr, uint64_t fp)
    __attribute__((noreturn));

#endif
