/* SPDX-License-Identifier: MIT */
/* What a kernel asks of its firmware. */
#include "underlay/linux/psci.h"

#include "backends/bcm2837/registers.h"
#include "underlay/start.h"

/* DEN0022, section 5.1: function identifiers; bit 30 marks those with 64-bit arguments. */
enum {
    PSCI_VERSION = 0x84000000,
    CPU_ON = 0x84000003,
    AFFINITY_INFO = 0x84000004,
    MIGRATE_INFO_TYPE = 0x84000006,
    SYSTEM_OFF = 0x84000008,
    SYSTEM_RESET = 0x84000009,
    PSCI_FEATURES = 0x8400000a,
};

#define WIDE UINT32_C(0x40000000)

enum { /* section 5.2.2 */
       SUCCESS = 0,
       NOT_SUPPORTED = -1,
       INVALID_PARAMETERS = -2,
       ALREADY_ON = -4,
};

enum { IS_ON = 0, IS_OFF = 1, NO_TRUSTED_OS = 2 };

static struct {
    volatile bool wanted;
    uint64_t entry, context;
} cores[CORES];

static uint32_t count;

void psci_begin(uint32_t of_cores)
{
    count = of_cores;
    for (uint32_t core = 0; core < count; core++)
        cores[core].wanted = core == 0;
    barrier();
}

static int64_t turn_on(uint64_t core, uint64_t entry, uint64_t context)
{
    if (core >= count)
        return INVALID_PARAMETERS;
    if (cores[core].wanted)
        return ALREADY_ON;
    cores[core].entry = entry;
    cores[core].context = context;
    barrier();
    cores[core].wanted = true;
    barrier();
    psci_wake((uint32_t)core);
    return SUCCESS;
}

static bool is_known(uint32_t function)
{
    return (function >= CPU_ON && function <= AFFINITY_INFO) || function == PSCI_VERSION ||
           (function >= SYSTEM_OFF && function <= PSCI_FEATURES) || function == MIGRATE_INFO_TYPE;
}

int64_t psci_call(uint32_t function, uint64_t first, uint64_t second, uint64_t third)
{
    switch (function & ~WIDE) {
    case PSCI_VERSION:
        return 0x10000; /* 1.0 */
    case CPU_ON:
        return turn_on(first & 0xffffff, second, third);
    case AFFINITY_INFO:
        return first < count && cores[first].wanted ? IS_ON : IS_OFF;
    case MIGRATE_INFO_TYPE:
        return NO_TRUSTED_OS;
    case SYSTEM_OFF:
    case SYSTEM_RESET:
        psci_end((function & ~WIDE) == SYSTEM_RESET);
        return NOT_SUPPORTED;
    case PSCI_FEATURES:
        return is_known((uint32_t)first & ~WIDE) ? SUCCESS : NOT_SUPPORTED;
    default:
        return NOT_SUPPORTED;
    }
}

bool psci_is_wanted(uint64_t *entry, uint64_t *context)
{
    const uint32_t core = this_core();

    if (!cores[core].wanted)
        return false;
    barrier();
    *entry = cores[core].entry;
    *context = cores[core].context;
    return true;
}
