/* SPDX-License-Identifier: MIT */
/* Requests to a block device by virtio (virtio 1.2, section 5.2), within what devices/block.c lets
 * the guest have. */
#include "virtio/block.h"

#include <stddef.h>

#include "host_block.h"
#include "lib/manifest.h"
#include "lib/string.h"

#define DEVICE_BLOCK         2
#define FEATURE_SEGMENTS_MAX (UINT64_C(1) << 2) /* VIRTIO_BLK_F_SEG_MAX */
#define FEATURE_BLOCK_SIZE   (UINT64_C(1) << 6) /* VIRTIO_BLK_F_BLK_SIZE */

#define SECTOR               UINT64_C(512) /* bytes, whatever the block size */
#define IDENTITY             20            /* bytes */

enum request_type { READ = 0, WRITE = 1, IDENTIFY = 8 };
enum status { STATUS_OK, STATUS_FAILED, STATUS_UNKNOWN };

struct request {
    uint32_t type, reserved;
    uint64_t sector;
};

_Static_assert(sizeof(struct request) == 16, "virtio 1.2, section 5.2.6");
_Static_assert(sizeof(struct virtio_block_config) == 24, "virtio 1.2, section 5.2.4");
_Static_assert(offsetof(struct virtio_block_config, block_size) == 20, "virtio 1.2, section 5.2.4");

static const struct mft_entry *entry_of(const struct host *host, solo5_handle_t handle)
{
    return manifest_attached(host->manifest, handle, MFT_BLOCK_BASIC);
}

static bool is_inside(const struct virtio_block *it, uint64_t sector, uint64_t size)
{
    const uint64_t capacity = it->config.capacity;

    return size % SECTOR == 0 && sector <= capacity && size / SECTOR <= capacity - sector;
}

/* Moves (size) bytes from or to (sector) on, the parts of the chain one after the other. */
static enum status transfer(struct virtio_block *it, struct virtio_cursor cursor, uint64_t sector,
                            uint64_t size, bool is_write)
{
    struct host *const host = it->virtio.host;
    uint64_t done = 0, some;
    uint8_t *bytes;

    if (!is_inside(it, sector, size))
        return STATUS_FAILED;
    for (; done < size && (bytes = virtio_next(&cursor, size - done, &some)); done += some) {
        const uint64_t at = sector * SECTOR + done;
        if ((is_write ? block_write(host, it->handle, at, bytes, some)
                      : block_read(host, it->handle, at, bytes, &some)) != SOLO5_R_OK)
            return STATUS_FAILED;
    }
    return STATUS_OK;
}

static enum status identify(struct virtio_block *it, const struct virtio_chain *chain,
                            uint64_t size)
{
    char identity[IDENTITY] = {0};
    const char *const name = entry_of(it->virtio.host, it->handle)->name;
    const size_t length = strlen(name);

    if (size < sizeof(identity))
        return STATUS_FAILED;
    memcpy(identity, name, length < sizeof(identity) ? length : sizeof(identity));
    virtio_chain_out(chain, 0, identity, sizeof(identity));
    return STATUS_OK;
}

/* The last byte that the device writes is the status; what it reads begins with the request. */
static bool serve(struct virtio *virtio, const struct virtio_chain *chain, uint32_t *written)
{
    struct virtio_block *const it = (struct virtio_block *)virtio;
    struct request asked;
    enum status status = STATUS_UNKNOWN;

    if (virtio_chain_in(chain, 0, &asked, sizeof(asked)) != sizeof(asked) || chain->out_size == 0)
        return false;
    const uint64_t size = chain->out_size - 1;
    if (asked.type == READ)
        status = transfer(it, virtio_writable(chain, 0), asked.sector, size, false);
    if (asked.type == WRITE)
        status = transfer(it, virtio_readable(chain, sizeof(asked)), asked.sector,
                          chain->in_size - sizeof(asked), true);
    if (asked.type == IDENTIFY)
        status = identify(it, chain, size);
    const uint8_t told = (uint8_t)status;
    virtio_chain_out(chain, size, &told, sizeof(told));
    /* Counted from the first byte on, and only what is sure to be there. */
    *written = size == 0 || (asked.type == READ && status == STATUS_OK) ? (uint32_t)size + 1 : 0;
    return true;
}

static bool notify(struct virtio *virtio, uint32_t number)
{
    return virtio_serve(virtio, number, serve);
}

static const struct virtio_class class_block = {
    .id = DEVICE_BLOCK,
    .rooms = {VIRTIO_QUEUE_MAX},
    .features = FEATURE_SEGMENTS_MAX | FEATURE_BLOCK_SIZE,
    .notify = notify,
};

bool virtio_block_attach(struct virtio_block *it, struct host *host, solo5_handle_t handle)
{
    const struct mft_entry *const entry = entry_of(host, handle);

    if (!entry)
        return false;
    it->handle = handle;
    it->config = (struct virtio_block_config){
        .capacity = entry->u.block.capacity / SECTOR,
        .segments_max = VIRTIO_QUEUE_MAX - 2,
        .block_size = entry->u.block.block_size,
    };
    virtio_attach(&it->virtio, &class_block, host, &it->config, sizeof(it->config));
    return true;
}
