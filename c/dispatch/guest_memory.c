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

static inline bool is_inside(const struct guest_memory *memory, uint64_t at, uint64_t size,
                             uint64_t align)
{
    return (at & (align - 1)) == 0 && at < memory->size && size < memory->size - at;
}

/* Of what begins below writable_from. Kept out of the way: blocks are on the stack, at the top. */
static __attribute__((noinline)) bool is_writable(const struct guest_memory *memory, uint64_t at,
                                                  uint64_t size)
{
    for (uint32_t i = 0; i < memory->readonly_count; i++) {
        const struct guest_range *range = &memory->readonly[i];
        if (at < range->end && (at >= range->start || size > range->start - at))
            return false;
    }
    return true;
}

/* Guest memory begins with a whole page of the host's. */
static inline uintptr_t host_address(const struct guest_memory *memory, uint64_t at, uint64_t align)
{
    const uintptr_t address = memory->base + (uintptr_t)at;

    if ((address & (align - 1)) != 0)
        __builtin_unreachable();
    return address;
}

/* These are inline for the optimiser of the whole program, and there for everybody else. */

inline const void *guest_in(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                            uint64_t align)
{
    if (!is_inside(memory, at.at, size, align))
        return NULL;
    return (const void *)host_address(memory, at.at, align);
}

inline void *guest_out(const struct guest_memory *memory, struct guest_addr at, uint64_t size,
                       uint64_t align)
{
    if (!is_inside(memory, at.at, size, align))
        return NULL;
    if (__builtin_expect(at.at < memory->writable_from, 0) && !is_writable(memory, at.at, size))
        return NULL;
    return (void *)host_address(memory, at.at, align);
}

typedef uint64_t __attribute__((may_alias)) word;
typedef uint32_t __attribute__((may_alias)) half;

inline void guest_copy(void *to, const void *from, uint64_t size)
{
    unsigned char *out = to;
    const volatile unsigned char *in = from;
    const uintptr_t both = (uintptr_t)to | (uintptr_t)from;
    uint64_t i = 0;

    if ((both & (sizeof(word) - 1)) == 0) {
#pragma GCC unroll 8
        for (; i + sizeof(word) <= size; i += sizeof(word))
            *(word *)(out + i) = *(const volatile word *)(in + i);
    }
    if ((both & (sizeof(half) - 1)) == 0) {
#pragma GCC unroll 8
        for (; i + sizeof(half) <= size; i += sizeof(half))
            *(half *)(out + i) = *(const volatile half *)(in + i);
    }
    for (; i < size; i++)
        out[i] = in[i];
}
