/* SPDX-License-Identifier: MIT */
/* How an hvt guest makes a call: one 32-bit store of the argument block's address (Solo5 ABI 2). */
#ifndef RPIKIT_ABI_CALL_H
#define RPIKIT_ABI_CALL_H

#include <stdint.h>

/* Guest-physical address of the window of calls, and its size in bytes. */
#define HVT_CALL_BASE UINT64_C(0x100000000)
#define HVT_CALL_WINDOW UINT64_C(0x40000000)

/* Call (number) is a 32-bit store to this address. */
#define HVT_CALL_ADDRESS(number) (HVT_CALL_BASE + 8 * (uint64_t)(number))

/* Guest-physical address of the GPIO registers, for a guest that was given them. */
#define HVT_GPIO_PAGE UINT64_C(0x140000000)

/* Lowest number of calls that are not Solo5's; upstream's numbers are 1 to 31, its ring kick 32. */
#define HVT_CALL_OWN_FIRST UINT32_C(0x200000)

#endif
