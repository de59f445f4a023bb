/* SPDX-License-Identifier: MIT */
/* Memory of guests as a core's caches have it (Arm ARM for Armv8-A, B2.4, D4.4). */
#include "underlay/memory.h"

#include "backends/bcm2837/registers.h"

/* DCZID_EL0, CTR_EL0: sizes in words of 4 bytes, as powers of 2. */
#define ZEROED(id) (UINT64_C(4) << ((id)&15))
#define LINE(type) (UINT64_C(4) << ((type) >> 16 & 15))

void memory_clear(void *at, uint64_t size)
{
    const uint64_t step = ZEROED(READ_REGISTER(dczid_el0));

    for (uint64_t i = 0; i < size; i += step)
        __asm__ volatile("dc zva, %0" ::"r"((uint8_t *)at + i) : "memory");
}

void memory_publish(void *at, uint64_t size)
{
    const uint64_t step = LINE(READ_REGISTER(ctr_el0));

    for (uint64_t i = 0; i < size; i += step)
        __asm__ volatile("dc cvac, %0" ::"r"((uint8_t *)at + i) : "memory");
    __asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" ::: "memory");
}
