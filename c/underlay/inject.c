/* SPDX-License-Identifier: MIT */
/* Exceptions that the guest in this core takes (Arm ARM for Armv8-A, AArch64.TakeException and
 * D13.2.37). */
#include "underlay/inject.h"

#include <stdbool.h>

#include "backends/bcm2837/registers.h"

/* ESR_ELx.EC; of an abort, one more if it comes from EL1 itself. */
enum { FETCH_BELOW = 0x20, DATA_BELOW = 0x24 };

#define CLASS(syndrome) ((syndrome) >> 26)
#define LENGTH          (UINT64_C(1) << 25) /* an instruction of 32 bits, as all of A64 */
#define EXTERNAL_ABORT  UINT64_C(0x10)

/* Vectors of EL1: from itself with SP_EL0 at 0, with SP_EL1 at 0x200, from below at 0x400. */
#define MODE   UINT64_C(0xf)
#define USER   UINT64_C(0x0)
#define MASKED UINT64_C(0x3c5) /* EL1h */

static bool is_below(uint64_t state)
{
    return (state & MODE) == USER;
}

static void inject(uint64_t syndrome)
{
    const uint64_t state = READ_REGISTER(spsr_el2);
    const uint64_t vector = is_below(state) ? 0x400 : (state & 1) ? 0x200 : 0;

    WRITE_REGISTER(esr_el1, syndrome);
    WRITE_REGISTER(far_el1, READ_REGISTER(far_el2));
    WRITE_REGISTER(elr_el1, READ_REGISTER(elr_el2));
    WRITE_REGISTER(spsr_el1, state);
    WRITE_REGISTER(elr_el2, READ_REGISTER(vbar_el1) + vector);
    WRITE_REGISTER(spsr_el2, MASKED);
}

void inject_undefined(void)
{
    inject(LENGTH);
}

void inject_abort(uint64_t syndrome)
{
    const uint64_t kind = CLASS(syndrome) == DATA_BELOW ? DATA_BELOW : FETCH_BELOW;
    const uint64_t own = is_below(READ_REGISTER(spsr_el2)) ? 0 : 1;

    inject((kind + own) << 26 | LENGTH | EXTERNAL_ABORT);
}
