/* SPDX-License-Identifier: MIT */
/* What a guest was left for, read out of the syndrome registers. */
#include "underlay/trap.h"

#include "abi/call.h"

enum { WFX = 0x01, HVC = 0x16, SMC = 0x17, FETCH = 0x20, DATA = 0x24 }; /* ESR_EL2.EC */

#define CLASS(syndrome)      ((uint32_t)(syndrome) >> 26)
#define IS_DECODED(syndrome) (((syndrome) >> 24 & 1) != 0)
#define SIZE(syndrome)       (UINT32_C(1) << ((uint32_t)(syndrome) >> 22 & 3))
#define REGISTER(syndrome)   ((uint32_t)(syndrome) >> 16 & 31)
#define OF_WALK(syndrome)    (((syndrome) >> 7 & 1) != 0)
#define IS_WRITE(syndrome)   (((syndrome) >> 6 & 1) != 0)

/* The core tells the page only of what is nowhere; else HPFAR_EL2 is from some time before. */
#define IS_NOWHERE(syndrome) (((syndrome)&0x3c) == 0x04)

#define IN_PAGE              UINT64_C(0xfff)

/* HPFAR_EL2 has the page from bit 4 on. */
static uint64_t address_of(uint64_t fault, uint64_t page)
{
    return page >> 4 << 12 | (fault & IN_PAGE);
}

static struct trap decode_access(uint64_t syndrome, uint64_t fault, uint64_t address,
                                 uint64_t memory_size)
{
    struct trap trap = {
        .kind = TRAP_ACCESS,
        .address = address,
        .reg = REGISTER(syndrome),
        .size = SIZE(syndrome),
        .is_write = IS_WRITE(syndrome),
    };
    const uint64_t offset = address - HVT_CALL_BASE;

    if (!IS_NOWHERE(syndrome) || OF_WALK(syndrome) || address < memory_size) {
        trap.kind = TRAP_FAULT;
        trap.address = fault;
    } else if (!IS_DECODED(syndrome)) {
        trap.kind = TRAP_OPAQUE;
    } else if (trap.is_write && trap.size == 4 && offset % 8 == 0 && offset < HVT_CALL_WINDOW) {
        trap.kind = TRAP_CALL;
        trap.number = (uint32_t)(offset / 8);
        trap.skips = true;
    }
    return trap;
}

struct trap trap_decode(uint64_t syndrome, uint64_t fault, uint64_t page, uint64_t memory_size)
{
    const uint64_t address = address_of(fault, page);

    switch (CLASS(syndrome)) {
    case DATA:
        return decode_access(syndrome, fault, address, memory_size);
    case FETCH:
        return (struct trap){.kind = TRAP_FETCH, .address = address};
    case WFX:
        return (struct trap){.kind = TRAP_WAIT, .skips = true};
    case HVC: /* the core is behind the instruction already */
        return (struct trap){.kind = TRAP_FIRMWARE};
    case SMC:
        return (struct trap){.kind = TRAP_FIRMWARE, .skips = true};
    default:
        return (struct trap){.kind = TRAP_REGISTER};
    }
}
