/* SPDX-License-Identifier: MIT */
/* The registers of a virtio device (virtio 1.2, section 4.2.2). */
#include "virtio/mmio.h"

#include <stddef.h>

enum {
    MAGIC = 0x000,            /* MagicValue */
    VERSION = 0x004,          /* Version */
    DEVICE = 0x008,           /* DeviceID */
    VENDOR = 0x00c,           /* VendorID */
    OFFERED = 0x010,          /* DeviceFeatures */
    OFFERED_WORD = 0x014,     /* DeviceFeaturesSel */
    ACCEPTED = 0x020,         /* DriverFeatures */
    ACCEPTED_WORD = 0x024,    /* DriverFeaturesSel */
    QUEUE = 0x030,            /* QueueSel */
    QUEUE_ROOM = 0x034,       /* QueueNumMax */
    QUEUE_SIZE = 0x038,       /* QueueNum */
    QUEUE_READY = 0x044,      /* QueueReady */
    NOTIFY = 0x050,           /* QueueNotify */
    INTERRUPTS = 0x060,       /* InterruptStatus */
    INTERRUPTS_TAKEN = 0x064, /* InterruptACK */
    STATUS = 0x070,           /* Status */
    DESCRIPTORS_LOW = 0x080,  /* QueueDescLow */
    DESCRIPTORS_HIGH = 0x084, /* QueueDescHigh */
    DRIVER_LOW = 0x090,       /* QueueDriverLow */
    DRIVER_HIGH = 0x094,      /* QueueDriverHigh */
    DEVICE_LOW = 0x0a0,       /* QueueDeviceLow */
    DEVICE_HIGH = 0x0a4,      /* QueueDeviceHigh */
    SHARED_SIZE_LOW = 0x0b0,  /* SHMLenLow */
    SHARED_SIZE_HIGH = 0x0b4, /* SHMLenHigh */
    SHARED_AT_LOW = 0x0b8,    /* SHMBaseLow */
    SHARED_AT_HIGH = 0x0bc,   /* SHMBaseHigh */
    GENERATION = 0x0fc,       /* ConfigGeneration */
    CONFIG = 0x100,           /* Config */
};

#define MAGIC_VALUE   UINT32_C(0x74726976) /* "virt" */
#define VERSION_VALUE UINT32_C(2)
#define VENDOR_VALUE  UINT32_C(0x4b495052) /* "RPIK" */
#define NOTHING       UINT32_MAX           /* of shared memory */
#define VERSION_1     (UINT64_C(1) << 32)  /* VIRTIO_F_VERSION_1 */

/* Status, virtio 1.2, section 2.1. */
#define ACKNOWLEDGE UINT32_C(1)
#define DRIVER      UINT32_C(2)
#define DRIVER_OK   UINT32_C(4)
#define FEATURES_OK UINT32_C(8)
#define NEEDS_RESET UINT32_C(64)
#define FAILED      UINT32_C(128)

#define HAS_USED    UINT32_C(1) /* InterruptStatus: chains were given back */
#define HAS_CHANGED UINT32_C(2) /* InterruptStatus: the status, or the configuration */

static uint64_t offered(const struct virtio *virtio)
{
    return virtio->class->features | VERSION_1;
}

static bool is_running(const struct virtio *virtio)
{
    return (virtio->status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
}

static uint32_t room_of(const struct virtio *virtio, uint32_t number)
{
    return number < VIRTIO_QUEUES ? virtio->class->rooms[number] : 0;
}

bool virtio_is_live(const struct virtio *virtio, uint32_t number)
{
    return is_running(virtio) && room_of(virtio, number) > 0 && virtio->queues[number].is_ready;
}

static void reset(struct virtio *virtio)
{
    virtio->status = virtio->interrupts = 0;
    virtio->offered_word = virtio->accepted_word = virtio->queue = 0;
    virtio->accepted = 0;
    for (uint32_t i = 0; i < VIRTIO_QUEUES; i++) {
        virtio->queues[i] = (struct virtio_queue){.size = 0};
        if (virtio->class->forget)
            virtio->class->forget(virtio, i);
    }
    if (virtio->class->reset)
        virtio->class->reset(virtio);
}

void virtio_attach(struct virtio *virtio, const struct virtio_class *class, struct host *host,
                   const void *config, uint32_t config_size)
{
    virtio->class = class;
    virtio->host = host;
    virtio->config = config;
    virtio->config_size = config_size;
    reset(virtio);
}

void virtio_break(struct virtio *virtio)
{
    virtio->status |= NEEDS_RESET;
    if (virtio->status & DRIVER_OK)
        virtio->interrupts |= HAS_CHANGED;
}

bool virtio_give(struct virtio *virtio, uint32_t number, uint16_t head, uint32_t written)
{
    bool is_awaited;

    if (!virtio_queue_give(&virtio->queues[number], &virtio->host->memory, head, written,
                           &is_awaited))
        return false;
    if (is_awaited)
        virtio->interrupts |= HAS_USED;
    return true;
}

bool virtio_serve(struct virtio *virtio, uint32_t number,
                  bool (*serve)(struct virtio *virtio, const struct virtio_chain *chain,
                                uint32_t *written))
{
    struct virtio_queue *const queue = &virtio->queues[number];
    const struct guest_memory *const memory = &virtio->host->memory;
    struct virtio_chain *const chain = &virtio->chain;

    if (!virtio_queue_look(queue, memory))
        return false;
    while (virtio_queue_has(queue)) {
        uint32_t written = 0;
        if (!virtio_queue_take(queue, memory, chain) || !serve(virtio, chain, &written) ||
            !virtio_give(virtio, number, chain->head, written))
            return false;
    }
    return true;
}

bool virtio_look(struct virtio *virtio)
{
    if (is_running(virtio) && virtio->class->look && !virtio->class->look(virtio))
        virtio_break(virtio);
    return virtio->interrupts != 0;
}

/* Little-endian, as guests and hosts are. */
static uint32_t load_config(const struct virtio *virtio, uint32_t offset, uint32_t size)
{
    const uint8_t *const bytes = virtio->config;
    uint32_t value = 0;

    for (uint32_t i = 0; i < size && offset + i < virtio->config_size; i++)
        value |= (uint32_t)bytes[offset + i] << 8 * i;
    return value;
}

static uint32_t word_of(uint64_t bits, uint32_t word)
{
    return word < 2 ? (uint32_t)(bits >> 32 * word) : 0;
}

static bool has_queue(const struct virtio *virtio)
{
    return room_of(virtio, virtio->queue) > 0;
}

static uint32_t load(struct virtio *virtio, uint32_t offset)
{
    switch (offset) {
    case MAGIC:
        return MAGIC_VALUE;
    case VERSION:
        return VERSION_VALUE;
    case DEVICE:
        return virtio->class->id;
    case VENDOR:
        return VENDOR_VALUE;
    case OFFERED:
        return word_of(offered(virtio), virtio->offered_word);
    case QUEUE_ROOM:
        return room_of(virtio, virtio->queue);
    case QUEUE_READY:
        return has_queue(virtio) && virtio->queues[virtio->queue].is_ready;
    case INTERRUPTS:
        virtio_look(virtio);
        return virtio->interrupts;
    case STATUS:
        return virtio->status;
    case SHARED_SIZE_LOW:
    case SHARED_SIZE_HIGH:
    case SHARED_AT_LOW:
    case SHARED_AT_HIGH:
        return NOTHING;
    default: /* GENERATION, too: the configuration never changes */
        return 0;
    }
}

uint32_t virtio_load(struct virtio *virtio, uint32_t offset, uint32_t size)
{
    if ((size != 1 && size != 2 && size != 4) || offset % size != 0 || offset >= VIRTIO_WINDOW)
        return 0;
    if (offset >= CONFIG)
        return load_config(virtio, offset - CONFIG, size);
    return size == 4 ? load(virtio, offset) : 0;
}

static void set_accepted(struct virtio *virtio, uint32_t value)
{
    const uint32_t word = virtio->accepted_word;

    if (word > 1 || (virtio->status & FEATURES_OK))
        return;
    virtio->accepted &= ~(UINT64_C(0xffffffff) << 32 * word);
    virtio->accepted |= (uint64_t)value << 32 * word;
}

/* No bit is ever taken back but by a reset; one that cannot be set yet is not. */
static void set_status(struct virtio *virtio, uint32_t value)
{
    if (value == 0) {
        reset(virtio);
        return;
    }
    if ((virtio->accepted & ~offered(virtio)) || !(virtio->accepted & VERSION_1))
        value &= ~FEATURES_OK;
    virtio->status |= value & (ACKNOWLEDGE | DRIVER | FEATURES_OK | FAILED);
    if (virtio->status & FEATURES_OK)
        virtio->status |= value & DRIVER_OK;
}

static void set_ready(struct virtio *virtio, bool is_ready)
{
    struct virtio_queue *const queue = &virtio->queues[virtio->queue];

    if (is_ready) {
        if (!queue->is_ready && !virtio_queue_start(queue, &virtio->host->memory))
            virtio_break(virtio);
        return;
    }
    queue->is_ready = false;
    if (virtio->class->forget)
        virtio->class->forget(virtio, virtio->queue);
}

static void set_half(struct guest_addr *address, uint32_t half, uint32_t value)
{
    address->at &= ~(UINT64_C(0xffffffff) << 32 * half);
    address->at |= (uint64_t)value << 32 * half;
}

/* Of a queue that has not begun. */
static void describe(struct virtio_queue *queue, uint32_t room, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case QUEUE_SIZE:
        queue->size = value <= room ? (uint16_t)value : 0;
        break;
    case DESCRIPTORS_LOW:
    case DESCRIPTORS_HIGH:
        set_half(&queue->descriptors, offset == DESCRIPTORS_HIGH, value);
        break;
    case DRIVER_LOW:
    case DRIVER_HIGH:
        set_half(&queue->driver, offset == DRIVER_HIGH, value);
        break;
    case DEVICE_LOW:
    case DEVICE_HIGH:
        set_half(&queue->device, offset == DEVICE_HIGH, value);
        break;
    default:
        break;
    }
}

static void store(struct virtio *virtio, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case OFFERED_WORD:
        virtio->offered_word = value;
        break;
    case ACCEPTED:
        set_accepted(virtio, value);
        break;
    case ACCEPTED_WORD:
        virtio->accepted_word = value;
        break;
    case QUEUE:
        virtio->queue = value;
        break;
    case NOTIFY:
        if (virtio_is_live(virtio, value) && !virtio->class->notify(virtio, value))
            virtio_break(virtio);
        break;
    case INTERRUPTS_TAKEN:
        virtio->interrupts &= ~value;
        break;
    case STATUS:
        set_status(virtio, value);
        break;
    case QUEUE_READY:
        if (has_queue(virtio))
            set_ready(virtio, (value & 1) != 0);
        break;
    default:
        if (has_queue(virtio) && !virtio->queues[virtio->queue].is_ready)
            describe(&virtio->queues[virtio->queue], room_of(virtio, virtio->queue), offset, value);
    }
}

void virtio_store(struct virtio *virtio, uint32_t offset, uint32_t size, uint32_t value)
{
    if (size == 4 && offset % 4 == 0 && offset < CONFIG)
        store(virtio, offset, value);
}
