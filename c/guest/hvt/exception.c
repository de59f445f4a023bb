/* SPDX-License-Identifier: MIT */
/* What an hvt guest says about an exception before it ends. */
#include "guest/hvt/exception.h"

#include <stdbool.h>
#include <stddef.h>

#include "abi/solo5.h"
#include "guest/backtrace.h"
#include "guest/end.h"
#include "guest/log.h"
#include "guest_halt.h"

#define READ_SYSTEM(name)                                                                          \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        __asm__ volatile("mrs %0, " #name : "=r"(value_));                                         \
        value_;                                                                                    \
    })

#define VECTOR_SYNC_SPX 4 /* a synchronous exception of EL1 on its own stack pointer */

/* ESR_EL1 (Arm Architecture Reference Manual, DDI 0487): exception class and syndrome. */
#define ESR_CLASS(esr)  ((esr) >> 26 & 0x3f)
#define ESR_STATUS(esr) ((esr)&0x3f)     /* of an abort */
#define ESR_WRITE(esr)  ((esr) >> 6 & 1) /* of a data abort */

enum esr_class {
    CLASS_UNKNOWN = 0x00,
    CLASS_FP_ACCESS = 0x07,
    CLASS_ILLEGAL_STATE = 0x0e,
    CLASS_SVC = 0x15,
    CLASS_SYSTEM = 0x18,
    CLASS_INSTRUCTION_ABORT = 0x21,
    CLASS_PC_ALIGNMENT = 0x22,
    CLASS_DATA_ABORT = 0x25,
    CLASS_SP_ALIGNMENT = 0x26,
    CLASS_FP = 0x2c,
    CLASS_BRK = 0x3c,
};

static const char *class_name(uint64_t esr)
{
    switch (ESR_CLASS(esr)) {
    case CLASS_UNKNOWN:
        return "undefined instruction";
    case CLASS_FP_ACCESS:
        return "floating point access";
    case CLASS_ILLEGAL_STATE:
        return "illegal execution state";
    case CLASS_SVC:
        return "system call";
    case CLASS_SYSTEM:
        return "system register access";
    case CLASS_INSTRUCTION_ABORT:
        return "instruction abort";
    case CLASS_PC_ALIGNMENT:
        return "misaligned program counter";
    case CLASS_DATA_ABORT:
        return ESR_WRITE(esr) ? "data abort on a write" : "data abort on a read";
    case CLASS_SP_ALIGNMENT:
        return "misaligned stack pointer";
    case CLASS_FP:
        return "floating point exception";
    case CLASS_BRK:
        return "breakpoint instruction";
    default:
        return "unexpected class";
    }
}

/* Why an abort happened, with a separator in front; nothing for other classes. */
static const char *fault_name(uint64_t esr)
{
    if (ESR_CLASS(esr) != CLASS_INSTRUCTION_ABORT && ESR_CLASS(esr) != CLASS_DATA_ABORT)
        return "";
    switch (ESR_STATUS(esr) >> 2) {
    case 0:
        return ", address size fault";
    case 1:
        return ", translation fault";
    case 2:
        return ", access flag fault";
    case 3:
        return ", permission fault";
    default:
        return ESR_STATUS(esr) == 0x21 ? ", alignment fault" : "";
    }
}

/* Whether FAR_EL1 was written; else it holds what was there before. */
static bool has_address(uint64_t esr)
{
    switch (ESR_CLASS(esr)) {
    case CLASS_INSTRUCTION_ABORT:
    case CLASS_PC_ALIGNMENT:
    case CLASS_DATA_ABORT:
        return true;
    default:
        return false;
    }
}

static const char *vector_name(uint64_t vector)
{
    static const char names[4][20] = {"exception", "interrupt", "fast interrupt", "system error"};

    return names[vector & 3];
}

void exception_report(uint64_t vector, uint64_t sp, uint64_t lr, uint64_t fp)
{
    static bool reporting;
    const uint64_t esr = READ_SYSTEM(esr_el1);

    while (reporting || backtrace_is_reading())
        guest_halt(0, SOLO5_EXIT_ABORT);
    reporting = true;

    const bool is_sync = vector == VECTOR_SYNC_SPX;
    log_write(LOG_ERROR,
              "Solo5: trap: %s%s, class 0x%02x, build %016lx\n"
              "Solo5: trap: ESR 0x%016lx ELR 0x%016lx FAR 0x%016lx\n"
              "Solo5: trap: LR  0x%016lx SP  0x%016lx FP  0x%016lx vector %u\n",
              is_sync ? class_name(esr) : vector_name(vector), is_sync ? fault_name(esr) : "",
              (unsigned int)ESR_CLASS(esr), backtrace_build(), esr, READ_SYSTEM(elr_el1),
              has_address(esr) ? READ_SYSTEM(far_el1) : 0, lr, sp, fp, (unsigned int)vector);
    guest_abort_at("unexpected exception", fp);
}
