/* SPDX-License-Identifier: MIT */
/* What a guest was left for, read out of the syndrome registers. */
#ifndef RPIKIT_UNDERLAY_TRAP_H
#define RPIKIT_UNDERLAY_TRAP_H

#include <stdbool.h>
#include <stdint.h>

enum trap_kind {
    TRAP_CALL,     /* a call: number, reg */
    TRAP_ACCESS,   /* an access outside its memory that is no call */
    TRAP_OPAQUE,   /* one outside its memory by an instruction that the core does not decode */
    TRAP_FAULT,    /* one within its memory that the file does not allow, or of its own tables */
    TRAP_FETCH,    /* an instruction from where there is none */
    TRAP_WAIT,     /* it waits for an interrupt, and none will come */
    TRAP_FIRMWARE, /* it calls somebody below, and nobody is there */
    TRAP_REGISTER, /* a register, or an instruction, that it does not have */
};

struct trap {
    enum trap_kind kind;
    uint64_t address; /* guest-physical, where there is one; of a fault the guest's own */
    uint32_t number;  /* of the call */
    uint32_t reg;     /* general register that is stored or loaded; 31: zero */
    uint32_t size;    /* bytes of the access */
    bool is_write;
    bool skips; /* the guest goes on behind the instruction, which is 4 bytes long */
};

/* Reads ESR_EL2, FAR_EL2 and HPFAR_EL2 (Arm ARM for Armv8-A, D13.2.37, .40, .55) of a guest with
 * (memory_size) bytes. */
struct trap trap_decode(uint64_t syndrome, uint64_t fault, uint64_t page, uint64_t memory_size);

#endif
