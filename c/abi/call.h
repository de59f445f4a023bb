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

/* Guest-physical address of the registers of the virtio device that the lines of a guest are as
 * well: virtio's mmio transport, version 2. Of a guest of the underlay that was granted a line. */
#define HVT_VIRTIO_WINDOW UINT64_C(0x180000000)

/* Lowest number of calls that are not Solo5's; upstream's numbers are 1 to 31, its ring kick 32. */
#define HVT_CALL_OWN_FIRST UINT32_C(0x200000)

#endif
