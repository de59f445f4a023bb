/* SPDX-License-Identifier: MIT */
/* The underlay's console as Linux has it, a virtio device: there it is /dev/hvc0. What guests and
 * the underlay say can be read there; each line that Linux writes is said as "[linux] ...". */
#ifndef RPIKIT_UNDERLAY_LINUX_HVC_H
#define RPIKIT_UNDERLAY_LINUX_HVC_H

#include <stddef.h>
#include <stdint.h>

#include "virtio/mmio.h"

/* For a Linux with (size) bytes of memory at (at). */
void hvc_prepare(uint64_t at, uint64_t size);

/* A new Linux does not know it yet. */
void hvc_forget(void);

/* Its driver's accesses; virtio/mmio.h. */
uint32_t hvc_load(uint32_t offset, uint32_t size);
void hvc_store(uint32_t offset, uint32_t size, uint32_t value);

#endif
