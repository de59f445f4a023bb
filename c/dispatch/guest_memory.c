/* SPDX-License-Identifier: MIT */
/* The one door from a guest address to a host pointer. */
#include "dispatch/guest_memory.h"

bool guest_protect(struct guest_memory *memory, uint64_t start, uint64_t end)
{
    if (memory->readonly_count == GUEST_READONLY_MAX)
        return false;
    memory->readonly[memory->readonly_count++] = (struct guest_range){start, end};
    if (end > memory->writable_from)
        memory->writable_from = end;
    return true;
}

static bool is_inside(const struct guest_memory *memory, uint64_t at, uint64_t size, uint64_t align)
{
    return (at & (align - 1)) == 0 && at < memory->size && size < memory->size - at;
}

static bool is_writable(const struct guest_memory *memory, uint64_t at, uint64_t size)
{
    if (at >= memory->writable_from)
        return true;
    for (uint32_t i = 0; i < memory->readonly_count; i++) {
        const struct guest_range *range = &memory->readonly[i];
        if (at < range->end && (at >= range->start || size > range->start - at))
            return false;
    }
    return true;
}

const void *guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                     uint64_t align)
{
    if (!is_inside(memory, at.at, size, align))
        return NULL;
    return (const void *)(memory->base + (uintptr_t)at.at);
}

void *guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                uint64_t align)
{
    if (!is_inside(memory, at.at, size, align) || !is_writable(memory, at.at, size))
        return NULL;
    return (void *)(memory->base + (uintptr_t)at.at);
}

typedef uint32_t __attribute__((may_alias)) word;

void guest_copy(void *to, const void *from, uint64_t size)
{
    unsigned char *out = to;
    const volatile unsigned char *in = from;
    uint64_t i = 0;

    if ((((uintptr_t)to | (uintptr_t)from) & (sizeof(word) - 1)) == 0)
        for (; i + sizeof(word) <= size; i += sizeof(word))
            *(word *)(out + i) = *(const volatile word *)(in + i);
    for (; i < size; i++)
        out[i] = in[i];
}
