/* SPDX-License-Identifier: MIT */
/* What of a guest is in a core while it runs, besides the general registers. */
#include "underlay/context.h"

#include <stddef.h>

#include "backends/bcm2837/registers.h"
#include "lib/boot.h"
#include "lib/paging.h"

_Static_assert(offsetof(struct context, vectors) == 224 &&
                   offsetof(struct context, fpcr) == 224 + 512,
               "switch.S");

/* clang-format off */
/* Each register of EL1 that a guest can set, and where EL2 returns to. */
#define ALL(x)                                                                                     \
    x(ELR, elr_el2) x(SPSR, spsr_el2) x(OFFSET, cntvoff_el2)                                       \
    x(SP0, sp_el0) x(SP1, sp_el1) x(ELR1, elr_el1) x(SPSR1, spsr_el1)                              \
    x(SCTLR, sctlr_el1) x(CPACR, cpacr_el1) x(TTBR0, ttbr0_el1) x(TTBR1, ttbr1_el1)                \
    x(TCR, tcr_el1) x(MAIR, mair_el1) x(AMAIR, amair_el1) x(VBAR, vbar_el1)                        \
    x(ESR, esr_el1) x(FAR, far_el1) x(AFSR0, afsr0_el1) x(AFSR1, afsr1_el1) x(PAR, par_el1)        \
    x(ID, contextidr_el1) x(T0, tpidr_el0) x(TRO, tpidrro_el0) x(T1, tpidr_el1)                    \
    x(KCTL, cntkctl_el1) x(CSSEL, csselr_el1)                                                      \
    x(TIMER, cntv_ctl_el0) x(COMPARE, cntv_cval_el0)
/* clang-format on */

#define AS_NAME(name, reg) name,
#define SAVE(name, reg)    context->registers[name] = READ_REGISTER(reg);
#define LOAD(name, reg)    WRITE_REGISTER(reg, context->registers[name]);

enum { ALL(AS_NAME) COUNT };

_Static_assert(COUNT == CONTEXT_REGISTERS, "context.h");

void context_save(struct context *context)
{
    ALL(SAVE)
    vectors_save(context);
}

void context_load(const struct context *context)
{
    ALL(LOAD)
    vectors_load(context);
}

void context_begin(struct context *context, uint64_t entry, uint64_t stack, uint64_t offset)
{
    *context = (struct context){.fpcr = 0};
    context->registers[ELR] = entry;
    context->registers[SPSR] = BOOT_PSTATE;
    context->registers[OFFSET] = offset;
    context->registers[SP1] = stack;
    context->registers[SCTLR] = PAGING_SCTLR;
    context->registers[CPACR] = BOOT_CPACR;
    context->registers[TTBR0] = PAGING_LEVEL0_AT;
    context->registers[TCR] = PAGING_TCR;
    context->registers[MAIR] = PAGING_MAIR;
}
