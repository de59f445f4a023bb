/* SPDX-License-Identifier: MIT */
/* The registers of a guest's virtio device. */
#include "underlay/window.h"

#include "abi/call.h"
#include "lib/paging.h"

#define LINES   54 /* of a BCM2837 */
#define NOTHING 31 /* the register that is none */

void window_open(struct guest *guest)
{
    virtio_gpio_attach(&guest->lines, &guest->host, LINES);
    paging_add_device((void *)guest->host.memory.base, HVT_VIRTIO_WINDOW);
    guest->has_window = true;
}

bool window_has(const struct guest *guest, const struct trap *trap)
{
    return guest->has_window && trap->address - HVT_VIRTIO_WINDOW < VIRTIO_WINDOW;
}

void window_access(struct guest *guest, const struct trap *trap)
{
    const uint32_t offset = (uint32_t)(trap->address - HVT_VIRTIO_WINDOW);
    uint64_t *const value = &guest->frame.x[trap->reg];

    if (trap->is_write)
        virtio_store(&guest->lines.virtio, offset, trap->size,
                     trap->reg == NOTHING ? 0 : (uint32_t)*value);
    else if (trap->reg != NOTHING)
        *value = virtio_load(&guest->lines.virtio, offset, trap->size);
}
